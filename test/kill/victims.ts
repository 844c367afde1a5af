import { join } from 'node:path'
import { parseEntry } from '../../src/cache/session-entry.js'
import { IDENTITY_FLAGS, targetFlags } from '../support/aws.js'
import type { Victim } from './victim.js'

/** Every program that keeps a file which others read at the same time. One more is one more row. */
export const VICTIMS: readonly Victim[] = [
  {
    name: 'session cache',
    // Sessions of 15 minutes are never handed out a second time: each run writes.
    launch: ({ folder, aws, program }) => ({
      args: [
        ...[program, 'credential-process', ...IDENTITY_FLAGS, ...targetFlags(aws.url)],
        ...['--session-duration', '15m', '--no-cache=false'],
      ],
      env: { ROLESANYWHERE_CACHE_DIR: join(folder, 'cache') },
    }),
    folder: ({ folder }) => join(folder, 'cache', 'sessions'),
    isFile: (name) => name.endsWith('.json'),
    fault: (content) => (parseEntry(content.toString()) ? undefined : 'no whole session'),
  },
  {
    name: 'credentials file',
    launch: ({ folder, aws, program }) => ({
      args: [
        ...[program, 'update', '--once', ...IDENTITY_FLAGS, ...targetFlags(aws.url)],
        ...['--credentials-file', join(folder, 'aws', 'credentials')],
      ],
      env: {},
    }),
    folder: ({ folder }) => join(folder, 'aws'),
    isFile: (name) => name === 'credentials',
    fault: (content) => (PROFILE.test(content.toString()) ? undefined : 'no whole profile'),
  },
]

const PROFILE = /^\[default\]\n(aws_[a-z_]+ = \S+\n){3}\n$/
