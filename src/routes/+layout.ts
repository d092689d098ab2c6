/** Every page is a file: the server has nothing to render and each byte can be hashed. */
export const prerender = true;
export const trailingSlash = 'never';
