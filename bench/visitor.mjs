/**
 * A person inside the page, the same for both products: it finds things by role and name alone, acts in the task in
 * which they appear, and takes the time by the page's own clock (milliseconds since the navigation began).
 *
 * The function is sent into pages as text, so it stands on its own. It leaves its hands as `globalThis.visitor`.
 */
function visitor() {
  /** @typedef {HTMLInputElement | HTMLTextAreaElement} Box */

  /** The longest that a timer can wait: 24 days. */
  const FOREVER_MS = 2 ** 31 - 1;
  /** A gibibyte at 2 MB/s. */
  const LARGE_FILE_MS = 600_000;

  /** @param {Element} element */
  const nameOf = (element) => {
    const label = element.getAttribute('aria-label');
    if (label !== null) return label;
    const labels =
      'labels' in element ? /** @type {NodeListOf<HTMLElement> | null} */ (element.labels) : null;
    return (labels?.[0] ?? element).textContent?.trim() ?? '';
  };

  /**
   * @param {string} selector
   * @param {string} name
   */
  const find = (selector, name) =>
    [...document.querySelectorAll(selector)].find(
      (element) =>
        nameOf(element) === name && element.matches(':enabled') && element.closest('[hidden]') === null,
    ) ?? null;

  /** @param {string} name */
  const textbox = (name) =>
    /** @type {Box | null} */ (find('textarea, input:not([type]), input[type="text"]', name));
  /** @param {string} name */
  const button = (name) => /** @type {HTMLButtonElement | null} */ (find('button', name));

  /**
   * What `look` finds, as soon as it finds something: in the microtask after the change that brought it.
   * @template T
   * @param {() => T | null} look
   * @param {number} patienceMs
   * @returns {Promise<T>}
   */
  const when = (look, patienceMs = 20_000) =>
    new Promise((resolve, reject) => {
      const found = look();
      if (found !== null) return resolve(found);
      const observer = new MutationObserver(() => {
        const later = look();
        if (later === null) return;
        observer.disconnect();
        clearTimeout(patience);
        resolve(later);
      });
      const patience = setTimeout(() => {
        observer.disconnect();
        reject(new Error(`Waited in vain for ${look.toString()} on: ${document.body.innerText}`));
      }, patienceMs);
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    });

  /**
   * @param {Box} box
   * @param {string} text
   */
  const fill = (box, text) => {
    box.value = text;
    box.dispatchEvent(new InputEvent('input', { bubbles: true, data: text, inputType: 'insertText' }));
  };

  /** @param {string} text */
  const say = async (text) => {
    fill(await when(() => textbox('Message')), text);
    (await when(() => button('Send'))).click();
  };

  /** Everything said so far. */
  const heard = () => document.querySelector('[role="log"]')?.textContent ?? '';

  const hands = {
    button,
    when,

    /**
     * A guest from the opened link to the host's answer.
     * @param {number} round
     */
    async join(round) {
      fill(await when(() => textbox('Your name')), 'Guest');
      const button = await when(() => hands.button('Join'));
      const joinAtMs = performance.now();
      button.click();
      await when(() => textbox('Message'));
      const openAtMs = performance.now();
      await say(`ping ${round}.`);
      await when(() => (heard().includes(`pong ${round}.`) ? true : null));
      return { joinAtMs, openAtMs, answeredAtMs: performance.now() };
    },

    /** A host who answers every guest's first words for ever. */
    async answer() {
      for (let answered = -1; ;) {
        const rounds = await when(() => {
          const asked = [...heard().matchAll(/ping (\d+)\./g)].map(([, digits]) => Number(digits));
          const fresh = asked.filter((round) => round > answered);
          return fresh.length === 0 ? null : fresh;
        }, FOREVER_MS);
        answered = Math.max(...rounds);
        for (const round of rounds) await say(`pong ${round}.`);
      }
    },

    /** The guest's goodbye. */
    async leave() {
      (await when(() => hands.button('Leave'))).click();
    },

    /** Until the host is alone and has nothing left to do. */
    async rest() {
      const guests = () => document.querySelector('[aria-label="People"]')?.textContent?.includes('Guest');
      await when(() => (guests() === true ? null : true));
      await new Promise((resolve) => requestIdleCallback(resolve));
    },

    /**
     * Takes the file that is offered under this name.
     * @param {string} name
     * @returns {Promise<number>} milliseconds from the consent to the whole file being there to save
     */
    async receive(name) {
      const accept = await when(() => hands.button(`Accept ${name}`));
      const fromMs = performance.now();
      accept.click();
      await when(() => hands.button(`Save ${name}`), LARGE_FILE_MS);
      return performance.now() - fromMs;
    },

    /**
     * Takes a received file out of the browser again, where the page has a button for it.
     * @param {string} name
     */
    async discard(name) {
      hands.button(`Dismiss ${name}`)?.click();
    },
  };
  Object.assign(globalThis, { visitor: hands });
  return hands;
}

/** @typedef {ReturnType<typeof visitor>} Visitor */

/** The script to install in a context. */
export const VISITOR = `(${visitor.toString()})();`;

/**
 * The same, joining at once as the guest of this round; `globalThis.visit` is what came of it.
 * @param {number} round
 */
export function joiningVisitor(round) {
  // A new tab's empty page runs it too.
  return `${VISITOR} if (location.hash !== '') globalThis.visit = visitor.join(${round});`;
}
