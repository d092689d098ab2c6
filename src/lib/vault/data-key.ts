/** The one name in the `keys` store. */
export const DATA_KEY = 'data';
