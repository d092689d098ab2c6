/**
 * The 256 safety words (section 6), one for each value of a byte: everyday things, easily said, heard and told apart, no
 * one the beginning of another. Their order is part of protocol version 1.
 */
export const SAFETY_WORDS: readonly string[] = `
  abacus acorn album almond anchor apple apron arrow atlas autumn avocado bagel bakery balloon bamboo banjo
  basket beacon beetle bicycle biscuit blanket blossom bonfire bracelet bridge broom bubble button cabin
  cactus camel candle canyon carpet castle cedar cherry chimney cinnamon circus clarinet clock cobbler
  coconut comet copper coral cricket crystal cupboard daisy dancer denim desert diamond dolphin donkey
  dragon drizzle drum eagle easel echo eclipse elbow elephant emerald engine envelope fabric falcon feather
  fender fiddle flamingo flute forest fossil freckle galaxy garlic gazelle ginger giraffe glacier goblet
  goggles granite grape guitar hammock harbour hazelnut hedgehog helmet honey horizon husky iceberg igloo
  iguana indigo inkwell insect island ivory jacket jaguar jasmine jelly jigsaw journal jubilee jungle kayak
  kestrel kettle kimono kingdom kitchen kiwi koala ladder lantern lemon leopard library lilac lizard
  lobster lumber magnet mango maple marble meadow mirror mitten mosaic mountain muffin museum napkin nectar
  noodle notebook nugget nutmeg oasis oboe ocean octopus olive omelette onion orbit orchard ostrich otter
  oxygen oyster paddle pajama panda parrot pebble pencil pepper picnic pigeon pirate planet plaza prairie
  puppet pyramid quarry queen quest quilt rabbit radio railway raisin recipe ribbon river robin rocket
  rooster ruby sailor salmon sandal saucer scarf scissors seahorse shadow shelter shovel silver sketch
  slipper snow sofa spider spruce squirrel stadium sugar summer swan teapot temple thunder ticket tiger
  toffee tomato trumpet tulip tundra turtle twilight umbrella uncle unicorn utensil valley vanilla velvet
  vessel village vinegar violin volcano voyage waffle wagon walrus weaver whale whistle willow window
  wombat yacht yarn yellow yodel yogurt zebra zenith zigzag
`
  .trim()
  .split(/\s+/);
