import { idBytes, type MeetingId } from './ids';

/**
 * A meeting's name until somebody gives it another: three words made from its id (section 1). Cosmetic only; two
 * meetings can share one. The lists have 64 words each and never change, or saved meetings would change their names.
 */
const ADJECTIVES =
  'Amber Autumn Brave Bright Calm Cedar Clear Clever Coral Cosy Crisp Curious Distant Early Easy Even Fair Fine Fresh Gentle Glad Golden Grand Green Happy Hazel Honest Indigo Ivory Jolly Keen Kind Lively Lucky Lunar Maple Mellow Merry Mild Misty Modest Noble Northern Olive Patient Pearl Plain Polite Proud Quick Quiet Rapid Ruby Rustic Silver Simple Solar Steady Sunny Swift Tidal Velvet Warm Wise'.split(
    ' ',
  );
const ANIMALS =
  'Badger Bear Beaver Bison Bluebird Camel Cat Cheetah Cobra Condor Crane Deer Dolphin Dove Duck Eagle Falcon Finch Fox Gazelle Goose Hare Hawk Hedgehog Heron Horse Ibis Jay Kestrel Koala Lark Lemur Leopard Lion Lizard Lynx Magpie Marmot Marten Moose Narwhal Newt Osprey Otter Owl Panda Parrot Pelican Penguin Puffin Rabbit Raven Robin Salmon Seal Sparrow Stork Swallow Swan Tiger Turtle Walrus Wolf Wren'.split(
    ' ',
  );
const PLACES =
  'Arch Avenue Bay Beach Bend Bridge Brook Canyon Cape Castle Coast Corner Cove Creek Crossing Dale Dell Delta Dune Falls Field Ford Forest Garden Glade Glen Grove Harbour Heath Hill Hollow Inlet Island Lagoon Lake Landing Lane Lodge Marsh Meadow Mill Moor Oasis Orchard Park Pass Peak Pier Pond Reef Ridge River Shore Spring Square Strait Stream Terrace Valley View Village Vista Way Wood'.split(
    ' ',
  );

export function meetingName(id: MeetingId): string {
  const bytes = idBytes(id);
  return [ADJECTIVES, ANIMALS, PLACES].map((list, i) => list[(bytes[i] ?? 0) % list.length] ?? '').join(' ');
}
