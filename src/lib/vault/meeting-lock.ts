/** Web Locks of meetings that are open in a window begin like this; while there is one, nothing locks by itself. */
export const MEETING_LOCK = 'parley.meeting.';
