import { FILE_MODES, parseFileMode } from '../config/file-mode.js'
import { loadWorkload } from '../config/workload.js'
import { credentialsPath } from '../credentials-file/credentials-path.js'
import { keepProfile } from '../credentials-file/keep-profile.js'
import { requireProfileName } from '../credentials-file/profile-name.js'
import { writeProfile } from '../credentials-file/write-profile.js'
import { sessionSource } from '../session/session-source.js'
import type { Command } from './command.js'
import { commandLog } from './command-log.js'
import { WORKLOAD_FLAGS } from './setting-flags.js'

/** Keeps a profile of the shared credentials file fresh. */
export const updateCommand: Command = {
  usage: 'update [flags]',
  summary: 'Keep a profile of the shared credentials file fresh',
  description: `Writes three keys of one profile: aws_access_key_id, aws_secret_access_key and
aws_session_token. Everything else in the file stays as it is, readers never see half a file, and
any number of updaters may share one.

A new session is written long before the one before ends, and at once when there is a new
certificate. Failures are tried again for as long as it takes. Long-running programs read the file
only once: give them serve or credential-process.`,
  flags: [
    {
      name: 'profile',
      value: 'NAME',
      help: 'profile of the credentials file to write (default default)',
    },
    {
      name: 'credentials-file',
      value: 'FILE',
      help: 'the file to write (default ~/.aws/credentials) [AWS_SHARED_CREDENTIALS_FILE]',
    },
    {
      name: 'credentials-file-mode',
      value: 'MODE',
      choices: FILE_MODES,
      help: 'permissions of a file that is made: 0600, 0640 or 0644 (default 0600)',
    },
    { name: 'once', help: 'write it once and end; a failure is not tried again later' },
    ...WORKLOAD_FLAGS,
  ],
  example: 'update --config-profile app --profile default --once',

  async run({ flags }, io) {
    const { env, clock, signal } = io
    const log = commandLog('update', flags, io)
    const profile = flags.get('profile') ?? 'default'
    requireProfileName(profile)
    const mode = flags.get('credentials-file-mode')
    const place = {
      profile,
      path: credentialsPath(flags.get('credentials-file'), env),
      ...(mode !== undefined && { mode: parseFileMode(mode, 'credentials-file-mode') }),
    }
    const workload = await loadWorkload({ flags, env })
    const deps = { env, clock, random: Math.random, log }

    if (flags.has('once')) {
      const { credentials } = await sessionSource(workload, deps)(signal)
      await writeProfile(place, credentials, { clock, log, signal })
      const { accessKeyId, expiration } = credentials
      log.info('session written', { file: place.path, profile, expiration, accessKeyId })
      return 0
    }
    const keeper = keepProfile(workload, place, deps)
    try {
      await ended(signal)
      return 0
    } finally {
      await keeper.stop()
    }
  },
}

async function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
