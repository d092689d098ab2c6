import { idBytes, type MeetingId } from './ids';

/**
 * A meeting's name until somebody gives it another (section 1): three words made from its id, such as "Quiet Otter
 * Harbour". Cosmetic: it proves nothing, and two meetings may share one.
 */

const words = (list: string): readonly string[] => list.trim().split(/\s+/);

const ADJECTIVES = words(`
  Amber Ancient Autumn Blue Bold Brave Bright Calm Clear Clever Copper Coral Cosy Crimson Curious Distant Early
  Eager Fair Fearless Gentle Glad Golden Grand Green Happy Honest Humble Indigo Ivory Jolly Keen Kind Lively Loyal
  Lucky Lunar Marble Mellow Merry Misty Modest Nimble Noble Northern Olive Patient Pearly Placid Polite Proud Quiet
  Rapid Royal Silent Silver Snowy Solar Steady Sunny Tidy Velvet Violet Warm
`);
const ANIMALS = words(`
  Badger Bear Beaver Bison Camel Cat Condor Crane Cricket Curlew Deer Dolphin Dove Eagle Egret Elk Falcon Ferret
  Finch Fox Gazelle Gecko Goose Hare Hawk Hedgehog Heron Horse Ibis Jackdaw Jay Kestrel Koala Lark Lemur Leopard Lion
  Llama Lynx Magpie Marten Moose Newt Otter Owl Panda Panther Pelican Penguin Plover Puffin Quail Rabbit Raven Robin
  Salmon Seal Sparrow Stork Swan Tiger Turtle Walrus Wren
`);
const PLACES = words(`
  Arbour Bay Beach Bluff Bridge Brook Canal Canyon Cave Cliff Cottage Cove Creek Dale Delta Dune Field Fjord Ford
  Forest Garden Glade Glen Grove Harbour Haven Heath Hill Hollow Island Isle Jetty Knoll Lagoon Lake Landing Lane
  Ledge Marsh Meadow Mill Moor Oasis Orchard Park Pass Path Peak Pier Pond Prairie Quay Reef Ridge River Shore Spring
  Square Summit Terrace Valley Village Wharf Wood
`);

export function meetingName(id: MeetingId): string {
  const [first = 0, second = 0, third = 0] = idBytes(id);
  return [pick(ADJECTIVES, first), pick(ANIMALS, second), pick(PLACES, third)].join(' ');
}

/** Each list has 64 words, so that every word is as likely as any other. */
const pick = (list: readonly string[], byte: number): string => list[byte % list.length] ?? '';
