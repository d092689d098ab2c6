/** A file that was opened with the installed app (File Handling API; Chromium's). */

type LaunchParams = { files?: readonly { getFile(): Promise<File> }[] };
type LaunchQueue = { setConsumer(consumer: (params: LaunchParams) => void): void };

/** `take` gets the first file; a browser without such a queue never calls it. */
export function onOpenedFile(take: (file: File) => void): void {
  const { launchQueue } = globalThis as { launchQueue?: LaunchQueue };
  launchQueue?.setConsumer(({ files }) => {
    void files?.[0]?.getFile().then(take);
  });
}
