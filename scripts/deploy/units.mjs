/** Whether systemd takes the units, and whether the two of them confine the server alike. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { findProgram } from '../find-chromium.mjs';
import { deployed, replaced } from './place.mjs';
import { must } from './report.mjs';

const ANALYZE = findProgram(['systemd-analyze'], []);
const MISSING = 'there is no systemd-analyze on this machine (Debian: apt-get install systemd)';

const [ALONE, OF_SEVERAL] = ['systemd/parley.service', 'systemd/parley@.service'];
/** systemd's own scale from 0 to 10; below 2 it calls a unit well confined. */
const MAX_EXPOSURE = 2;

/** @param {import('./report.mjs').Report} report */
export async function checkUnits(report) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-units-'));
  try {
    for (const [name, installedAs] of /** @type {const} */ ([
      [ALONE, 'parley.service'],
      [OF_SEVERAL, 'parley@4001.service'],
    ])) {
      if (ANALYZE === null) {
        report.leaveOut(name, MISSING);
        continue;
      }
      const analyze = ANALYZE;
      await report.check(name, () => {
        const path = join(folder, installedAs);
        // Node is where it is on this machine; everything else as it is deployed.
        writeFileSync(path, replaced(deployed(name), [['/usr/bin/node', process.execPath]]));
        // What is at fault in the units of the machine's own packages is not at fault here.
        const said = run(analyze, ['verify', '--recursive-errors=no', path]);
        must(said === '', said);
        const found = run(analyze, ['security', '--offline=yes', '--no-pager', path]);
        const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(found)?.[1]);
        must(exposure <= MAX_EXPOSURE, `its exposure is ${exposure}, above ${MAX_EXPOSURE}`);
        return `exposure ${exposure} of 10`;
      });
    }
    await checkCoturn(report, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
  await report.check('both units confine alike', () => {
    const [alone, several] = [confinement(ALONE), confinement(OF_SEVERAL)];
    must(alone.length > 10 && alone === several, 'what stands from LimitNOFILE on is not the same');
  });
}

/**
 * The drop-in beside the unit of Debian's package, or of one like it.
 * @param {import('./report.mjs').Report} report
 * @param {string} folder
 */
async function checkCoturn(report, folder) {
  if (ANALYZE === null) return report.leaveOut('coturn/systemd.conf', MISSING);
  const analyze = ANALYZE;
  await report.check('coturn/systemd.conf', () => {
    const unit = join(folder, 'coturn.service');
    writeFileSync(unit, `[Service]\nExecStart=${process.execPath}\n`);
    mkdirSync(`${unit}.d`);
    writeFileSync(join(`${unit}.d`, 'systemd.conf'), deployed('coturn/systemd.conf'));
    const said = run(analyze, ['verify', '--recursive-errors=no', unit]);
    must(said === '', said);
  });
}

/** @param {string} name */
function confinement(name) {
  return deployed(name).slice(deployed(name).indexOf('LimitNOFILE='));
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000 });
  if (error !== undefined) throw error;
  must(status === 0, `${stdout}${stderr}`.trim());
  return `${stdout}${stderr}`.trim();
}
