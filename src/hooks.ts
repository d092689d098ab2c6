import type { Reroute } from '@sveltejs/kit';

/** A link whose `#` came as `%23` is the meeting page's all the same; the page warns about it (PROTOCOL section 1). */
export const reroute: Reroute = ({ url }) => (/^\/m%23/i.test(url.pathname) ? '/m' : undefined);
