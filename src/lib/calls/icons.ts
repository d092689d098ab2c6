/** Strokes on a 24 by 24 grid for `ui/Icon`, loaded with a call. */
export const CALL_ICONS = {
  'hang-up':
    'M3 15.5a3.2 3.2 0 0 1 .5-4.2c4.5-4.4 12.5-4.4 17 0a3.2 3.2 0 0 1 .5 4.2l-.8 1.2-4.4-1.6-.2-3a11 11 0 0 0-7.2 0l-.2 3-4.4 1.6Z',
  'camera-off': 'M9 7h6v6M15 10.5l6-3v9l-4-2M14.5 17H3V7h2M3 3l18 18',
  mic: 'M9.5 11V5.5a2.5 2.5 0 0 1 5 0V11a2.5 2.5 0 0 1-5 0ZM6 11a6 6 0 0 0 12 0M12 17v4',
  'mic-off':
    'M9.5 9.5V11a2.5 2.5 0 0 0 4 2M14.5 10V5.5a2.5 2.5 0 0 0-4.8-1M6 11a6 6 0 0 0 10 4.5M17.8 12.5 18 11M12 17v4M3 3l18 18',
  'screen-off': 'M3 4.5h18v12H3zM9 20h6M9.5 8l5 5M14.5 8l-5 5',
  devices: 'M4 7h9M17 7h3M13 7a2 2 0 1 0 4 0 2 2 0 1 0-4 0M4 17h3M11 17h9M7 17a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  chat: 'M4 5h16v11H11l-4 4v-4H4z',
  'full-screen': 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  'less-screen': 'M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5',
  'small-picture': 'M20 10V5H3v14h6M12 13h9v6h-9z',
  'side-by-side': 'M3 6h8v12H3zM13 6h8v12h-8z',
  speaker: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
} as const;
