import { describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import Check from './Check.svelte';
import type { CheckView } from './check.svelte';
import { diagnose } from './diagnose';
import Doctor from './Doctor.svelte';
import { NO_FACTS, type ConnectionFacts } from './facts';
import Findings from './Findings.svelte';
import { ALL_WAITING, type Progress, type Steps } from './steps';

const REFUSED: ConnectionFacts = {
  ...NO_FACTS,
  signaling: { kind: 'server-sent events', socketsRefused: true },
  hasStun: true,
  hasTurn: true,
  gathered: { host: 1, srflx: 1, relay: { UDP: 0, TCP: 0, TLS: 0 }, end: 'complete' },
  errors: [{ code: 401, url: 'turn:203.0.113.7:3478?transport=udp' }],
};
const findings = page.getByRole('list', { name: 'Findings' });

/** Stands in for the state. */
function standIn(progress: Progress, steps: Partial<Steps> = {}, facts = REFUSED): CheckView {
  const isDone = progress.at === 'done';
  return { steps: { ...ALL_WAITING, ...steps }, facts, findings: isDone ? diagnose(facts) : [], progress };
}
const presses = () => ({ onrun: vi.fn(), onmedia: vi.fn(), onstop: vi.fn() });

describe('findings', () => {
  it('say what, why and what next, the weightiest first, each with its sort in a word', async () => {
    await render(Findings, { findings: diagnose(REFUSED) });
    const items = findings.getByRole('listitem');
    await expect.element(items.nth(0)).toHaveTextContent(/In the way.*refused this device over UDP \(401\)/);
    await expect.element(items.nth(1)).toHaveTextContent(/Good to know.*server-sent events/);
    expect(items.elements()).toHaveLength(2);
  });
});

describe('the doctor in a meeting', () => {
  it('shows what is found, and follows the facts', async () => {
    const screen = await render(Doctor, { facts: NO_FACTS });
    await expect.element(screen.getByText('Nothing is known yet.', { exact: false })).toBeVisible();
    await screen.rerender({ facts: REFUSED });
    await expect.element(findings).toHaveTextContent('The relay refused this device');
  });

  it('hands over a report without an address', async () => {
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    const screen = await render(Doctor, { facts: REFUSED });
    await screen.getByRole('button', { name: 'Copy the report' }).click();
    await expect.element(screen.getByRole('status')).toHaveTextContent('The report is copied.');
    const [text = ''] = write.mock.lastCall ?? [];
    expect(text).toContain('TURN over UDP 401');
    expect(text).not.toContain('203.0.113.7');
    write.mockRestore();
  });

  it('selects the report where the clipboard refuses', async () => {
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new DOMException('no'));
    const screen = await render(Doctor, { facts: REFUSED });
    await screen.getByRole('button', { name: 'Copy the report' }).click();
    const area = screen.getByRole('textbox', { name: 'Report' });
    await expect.element(area).toHaveFocus();
    const { selectionStart, selectionEnd, value } = area.element() as HTMLTextAreaElement;
    expect([selectionStart, selectionEnd]).toEqual([0, value.length]);
    expect(value).toContain('Parley connection report');
    write.mockRestore();
  });

  it('can be read before it is sent', async () => {
    const screen = await render(Doctor, { facts: REFUSED });
    await screen.getByText('What the report says').click();
    await expect
      .element(screen.getByRole('textbox', { name: 'Report' }))
      .toHaveValue(expect.stringContaining('- errors: TURN over UDP 401') as string);
  });
});

describe('the test', () => {
  it('waits for a press, and shows what it will try', async () => {
    const on = presses();
    const screen = await render(Check, { check: null, ...on });
    const list = screen.getByRole('list', { name: 'Connection' });
    expect(list.getByRole('listitem').elements()).toHaveLength(8);
    await expect.element(list.getByRole('listitem').nth(0)).toHaveTextContent(/WebSocket.*Not tested/);
    expect(on.onrun).not.toHaveBeenCalled();
    await screen.getByRole('button', { name: 'Run the test' }).click();
    expect(on.onrun).toHaveBeenCalledOnce();
    await screen.getByRole('button', { name: 'Test microphone and camera' }).click();
    expect(on.onmedia).toHaveBeenCalledOnce();
  });

  it('cannot be pressed before the page is ready', async () => {
    const screen = await render(Check, {
      check: null,
      onrun: undefined,
      onmedia: undefined,
      onstop: vi.fn(),
    });
    await expect.element(screen.getByRole('button', { name: 'Run the test' })).toBeDisabled();
  });

  it('says what it is at, and can be stopped', async () => {
    const on = presses();
    const running = standIn(
      { at: 'running', step: 'relay-TCP' },
      { 'relay-UDP': { state: 'bad', note: 'refused' }, 'relay-TCP': { state: 'running', note: null } },
    );
    const screen = await render(Check, { check: running, ...on });
    await expect.element(screen.getByRole('status')).toHaveTextContent('Testing: Relay over TCP');
    const item = screen.getByRole('list', { name: 'Connection' }).getByRole('listitem');
    await expect.element(item.nth(5)).toHaveTextContent(/Relay over UDP.*Fails.*\(401\)/);
    await expect.element(screen.getByRole('button', { name: 'Test microphone and camera' })).toBeDisabled();
    await screen.getByRole('button', { name: 'Stop the test' }).click();
    expect(on.onstop).toHaveBeenCalledOnce();
  });

  it('keeps the focus on its one button', async () => {
    const on = presses();
    const screen = await render(Check, { check: standIn({ at: 'idle' }), ...on });
    await screen.getByRole('button', { name: 'Run the test' }).click();
    await screen.rerender({ check: standIn({ at: 'running', step: 'websocket' }), ...on });
    await expect.element(screen.getByRole('button', { name: 'Stop the test' })).toHaveFocus();
    await userEvent.keyboard('{Enter}');
    expect(on.onstop).toHaveBeenCalledOnce();
  });

  it('shows at its end what was found', async () => {
    const screen = await render(Check, { check: standIn({ at: 'done' }), ...presses() });
    await expect.element(findings).toHaveTextContent('The relay refused this device');
    await expect.element(screen.getByRole('button', { name: 'Copy the report' })).toBeVisible();
  });

  it('says so when it could not be finished', async () => {
    await render(Check, { check: standIn({ at: 'done' }, {}, NO_FACTS), ...presses() });
    await expect.element(page.getByText('The test could not be finished.', { exact: false })).toBeVisible();
  });
});
