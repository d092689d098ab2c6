/** Whether some of its text is marked, perhaps to be copied. */
export function isMarkedIn(element: Element): boolean {
  const selection = getSelection();
  return selection?.isCollapsed === false && element.contains(selection.anchorNode);
}
