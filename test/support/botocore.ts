import { spawnSync } from 'node:child_process'

/** Profiles of one file as botocore reads them, or the name of the error that it raises. */
export type BotocoreView = Readonly<Record<string, Readonly<Record<string, unknown>>>> | string

const SCRIPT = `
import json, sys
from botocore.configloader import raw_config_parse
def view(path):
    try:
        return raw_config_parse(path)
    except Exception as error:
        return type(error).__name__
print(json.dumps([view(path) for path in json.load(sys.stdin)]))
`

/**
 * Reads credentials files with the library of boto3 and the AWS CLI.
 *
 * @returns `undefined` where Python or botocore is not installed.
 */
export function readWithBotocore(paths: readonly string[]): BotocoreView[] | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', SCRIPT], {
    input: JSON.stringify(paths),
    env: { ...process.env, PYTHONUTF8: '1' },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return status === 0 ? (JSON.parse(stdout) as BotocoreView[]) : undefined
}
