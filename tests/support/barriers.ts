import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** WCAG 2.2 AA, and good practice beyond it. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What stands in anybody's way on this page, as a machine can judge it: a rule and the elements that break it, a line each. */
export async function barriersOn(page: Page): Promise<string[]> {
  // What is half faded in has the contrast of neither end.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  // In the page itself, which has no frames: else a second page is opened to put together what frames say.
  const axe = new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .withTags(RULES);
  const { violations } = await axe.analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
