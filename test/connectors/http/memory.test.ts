import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

describe('a large file', function () {
  this.timeout(120_000);

  it('of 200 MB goes from one server to another in less than 50 MB over idle', () => {
    const script = join(__dirname, '../../bench/attachment.ts');
    const size = 200 * 1024 * 1024;
    const printed = execFileSync(process.execPath, ['--import', 'tsx', script, String(size)], { encoding: 'utf8' });
    const { attachmentPeakMegabytes } = JSON.parse(printed);
    assert.ok(attachmentPeakMegabytes < 50, printed);
  });
});
