import { describe, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { randomId, type FileId, type ParticipantId } from '../protocol/ids';
import AttachButton from './AttachButton.svelte';
import DropArea from './DropArea.svelte';
import FilesView from './Files.svelte';
import type { FileTransfer } from './listing';

const NAME = 'holiday.png';

function transfer(more: Partial<FileTransfer> = {}): FileTransfer {
  return {
    id: randomId<FileId>(),
    direction: 'in',
    participant: randomId<ParticipantId>(),
    personName: 'Ada',
    name: NAME,
    size: 40_000_000,
    mediaType: 'image/png',
    stage: 'asked',
    pausedByMe: false,
    pausedByThem: false,
    doneBytes: 0,
    bytesPerSecond: null,
    secondsLeft: null,
    reason: null,
    endedBy: null,
    ...more,
  };
}

/** Stands in for the state: what is listed, and what was pressed. */
function standIn(...transfers: FileTransfer[]) {
  return {
    transfers,
    accept: vi.fn(),
    decline: vi.fn(),
    pause: vi.fn(),
    resume: vi.fn(),
    cancel: vi.fn(),
    save: vi.fn(() => Promise.resolve()),
    dismiss: vi.fn(),
    preview: vi.fn((_: FileId) => Promise.resolve<string | null>(null)),
  };
}

const words = () => Promise.resolve((reason: string, by: string): string => `${reason} by ${by}`);

const onimport = vi.fn<(backup: FileTransfer) => void>();

/** The cards are loaded with the first file. */
async function show(props: { files: ReturnType<typeof standIn>; words: typeof words }) {
  const screen = await render(FilesView, { ...props, onimport });
  if (props.files.transfers.length > 0)
    await expect.element(screen.getByRole('group').first()).toBeInTheDocument();
  return screen;
}

describe('the files', () => {
  it.each<[Partial<FileTransfer>, string[]]>([
    [{ stage: 'asked' }, ['Accept', 'Decline']],
    [{ stage: 'offered', direction: 'out' }, ['Cancel']],
    [{ stage: 'preparing' }, ['Cancel']],
    [{ stage: 'receiving' }, ['Pause', 'Cancel']],
    [{ stage: 'sending', direction: 'out' }, ['Pause', 'Cancel']],
    [{ stage: 'paused', pausedByMe: true }, ['Resume', 'Cancel']],
    [{ stage: 'paused', pausedByThem: true }, ['Pause', 'Cancel']],
    [{ stage: 'interrupted' }, ['Pause', 'Cancel']],
    [{ stage: 'received' }, ['Save', 'Dismiss']],
    [{ stage: 'saved' }, ['Save', 'Dismiss']],
    [{ stage: 'done', direction: 'out' }, ['Dismiss']],
    [{ stage: 'ended', reason: 'declined', endedBy: 'them' }, ['Dismiss']],
  ])('offer for %j what can be done now', async (more, verbs) => {
    const files = standIn(transfer(more));
    const screen = await show({ files, words });
    const group = screen.getByRole('group', { name: NAME });
    const labels = group
      .getByRole('button')
      .all()
      .map((button) => button.element().getAttribute('aria-label'));
    expect(labels).toEqual(verbs.map((verb) => `${verb} ${NAME}`));
    for (const verb of verbs) {
      await group.getByRole('button', { name: `${verb} ${NAME}`, exact: true }).click();
      const act = verb.toLowerCase() as 'accept';
      expect(files[act]).toHaveBeenCalledExactlyOnceWith(files.transfers[0]?.id);
    }
  });

  it('tell how far a file is, how fast, and how long it takes', async () => {
    const moving = transfer({
      stage: 'receiving',
      doneBytes: 10_000_000,
      bytesPerSecond: 2_500_000,
      secondsLeft: 12,
    });
    const screen = await show({ files: standIn(moving), words });
    await expect.element(screen.getByText('10 MB of 40 MB · 2.5 MB/s · 12 seconds left')).toBeVisible();
    const bar = screen.getByRole('progressbar', { name: `Progress of ${NAME}` });
    await expect.element(bar).toHaveAttribute('value', '10000000');
    await expect.element(bar).toHaveAttribute('max', '40000000');
  });

  it('say why a transfer ended, in the words they are given', async () => {
    const ended = transfer({ stage: 'ended', reason: 'no-room', endedBy: 'them' });
    const screen = await show({ files: standIn(ended), words });
    await expect.element(screen.getByText('no-room by them', { exact: true })).toBeVisible();
    await expect.element(screen.getByRole('progressbar')).not.toBeInTheDocument();
  });

  it('are announced when they ask, arrive or end, and not with every record', async () => {
    const asked = transfer();
    const screen = await show({ files: standIn(asked), words });
    const status = screen.getByRole('status');
    await expect.element(status).toHaveTextContent(`Ada wants to send you ${NAME}, 40 MB`);
    const moving = { ...asked, stage: 'receiving', doneBytes: 5 } as const;
    await screen.rerender({ files: standIn(moving), words, onimport });
    await expect.element(status).toHaveTextContent('Ada wants to send you');
    await screen.rerender({ files: standIn({ ...moving, stage: 'received' }), words, onimport });
    await expect.element(status).toHaveTextContent(`${NAME} was received`);
    const other = transfer({ name: 'b.txt', size: 5 });
    await screen.rerender({ files: standIn({ ...moving, stage: 'received' }, other), words, onimport });
    await expect.element(status).toHaveTextContent(/^Ada wants to send you b.txt, 5 bytes$/);
  });

  it('preview a received picture, and nothing before it is received', async () => {
    const pixel = await fetch(
      'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
    ).then((response) => response.blob());
    const url = URL.createObjectURL(pixel);
    const moving = standIn(transfer({ stage: 'receiving' }));
    const screen = await show({ files: moving, words });
    expect(moving.preview).not.toHaveBeenCalled();
    const received = standIn(transfer({ stage: 'received' }));
    received.preview.mockResolvedValue(url);
    await screen.rerender({ files: received, words, onimport });
    const image = screen.getByRole('img', { name: `Preview of ${NAME}` });
    await expect.element(image).toHaveAttribute('src', url);
    URL.revokeObjectURL(url);
  });

  it('show a hostile name as text', async () => {
    const name = '<b onclick=alert(1)>.png';
    const screen = await show({ files: standIn(transfer({ name })), words });
    await expect.element(screen.getByRole('button', { name: `Accept ${name}` })).toBeVisible();
    expect(screen.container.querySelector('b')).toBeNull();
  });

  it('show an empty file as a whole one', async () => {
    const done = transfer({ stage: 'done', size: 0, direction: 'out' });
    const screen = await show({ files: standIn(done), words });
    await expect.element(screen.getByRole('progressbar')).toHaveAttribute('value', '1');
  });

  it('take no room while there are none', async () => {
    const screen = await show({ files: standIn(), words });
    await expect.element(screen.getByRole('region')).not.toBeInTheDocument();
  });
});

describe('the button', () => {
  it('hands over what was picked, the same file twice too', async () => {
    const onFiles = vi.fn<(files: File[]) => void>();
    const screen = await render(AttachButton, { onFiles });
    await expect.element(screen.getByRole('button', { name: 'Attach files' })).toBeVisible();
    const input = screen.getByLabelText('Attach files');
    for (let i = 1; i <= 2; i++) {
      await input.upload(new File(['x'], 'a.txt'));
      await expect.poll(() => onFiles.mock.calls.length).toBe(i);
      // A browser says nothing when the very same file is picked into an input that still holds it.
      await expect.element(input).toHaveValue('');
    }
    expect(onFiles.mock.calls.map(([files]) => files.map(({ name }) => name))).toEqual([
      ['a.txt'],
      ['a.txt'],
    ]);
  });
});

describe('the drop area', () => {
  function drag(type: string, files: File[]): boolean {
    const dataTransfer = new DataTransfer();
    for (const file of files) dataTransfer.items.add(file);
    return window.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
  const file = new File(['x'], 'a.txt');

  it('shows where to drop, takes the files and keeps the page', async () => {
    const onFiles = vi.fn<(files: File[]) => void>();
    const screen = await render(DropArea, { onFiles });
    const hint = screen.getByText('Drop files here to send them');
    expect(drag('dragenter', [file])).toBe(false);
    await expect.element(hint).toBeVisible();
    drag('dragleave', [file]);
    await expect.element(hint).not.toBeInTheDocument();
    drag('dragover', [file]);
    expect(drag('drop', [file])).toBe(false);
    await expect.element(hint).not.toBeInTheDocument();
    expect(onFiles.mock.calls.map(([files]) => files.map(({ name }) => name))).toEqual([['a.txt']]);
  });

  it('takes no files while nobody is there, and still keeps the page', async () => {
    const onFiles = vi.fn<(files: File[]) => void>();
    const screen = await render(DropArea, { onFiles, isOpen: false });
    expect(drag('dragover', [file])).toBe(false);
    expect(drag('drop', [file])).toBe(false);
    expect(onFiles).not.toHaveBeenCalled();
    expect(screen.container.textContent.trim()).toBe('');
  });

  it('leaves alone what holds no files', async () => {
    const onFiles = vi.fn<(files: File[]) => void>();
    await render(DropArea, { onFiles });
    expect(drag('dragover', [])).toBe(true);
    expect(drag('drop', [])).toBe(true);
  });

  it('takes pasted files once', async () => {
    const onFiles = vi.fn<(files: File[]) => void>();
    await render(DropArea, { onFiles });
    const clipboardData = new DataTransfer();
    clipboardData.items.add(file);
    const paste = () => new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    document.body.dispatchEvent(paste());
    expect(onFiles).toHaveBeenCalledOnce();
    const taken = paste();
    taken.preventDefault();
    document.body.dispatchEvent(taken);
    expect(onFiles).toHaveBeenCalledOnce();
  });
});
