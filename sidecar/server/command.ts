import type { Command } from '../../src/cli/command.js'
import { commandLog } from '../../src/cli/command-log.js'
import { untilAborted } from '../until-aborted.js'
import { CREDENTIALS_PATH } from './container-route.js'
import { makeTokenFiles } from './make-token-files.js'
import { readServeOptions, SERVE_FLAGS } from './serve-options.js'
import { startSidecar } from './start-sidecar.js'

/** Serves session credentials on the local container credentials endpoint until it is told to end. */
export const serveCommand: Command = {
  usage: 'serve [--authorization-token-file FILE] [flags]',
  summary: 'Serve session credentials to the containers of a pod, always fresh',
  description: `An AWS SDK in the same pod finds them with two variables:

  AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9911/v1/credentials
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=FILE

With neither --authorization-token-file nor --no-authorization, it serves as aws_signing_helper
does: by the routes of the instance metadata service alone, on loopback, for clients with
AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9911.

Sessions are renewed in the background. When AWS cannot be reached, the last session is served
until a minute before its end. Certificate files that change are taken into use once they fit
together; SIGHUP has them and the AWS config file read at once. /healthz, /readyz, /metrics and a
status page are on the health listener.`,
  flags: SERVE_FLAGS,
  example: 'serve --config-profile app --authorization-token-file /run/rolesanywhere/token',

  async run({ flags }, io) {
    const log = commandLog('serve', flags, io)
    const options = await readServeOptions(flags, io.env)
    if (flags.get('hop-limit') !== undefined) log.warn('--hop-limit has no effect on loopback')
    const { env, clock } = io
    if (flags.has('make-token-files')) {
      await makeTokenFiles(options, { clock, log })
      return 0
    }
    const quit = new AbortController()
    const onQuit = (): void => {
      if (!quit.signal.aborted) log.info('asked to end by a client')
      quit.abort()
    }
    const sidecar = await startSidecar(
      { ...options, ...(options.quit && { onQuit }) },
      { env, clock, random: Math.random, log },
    )

    const reload = async (): Promise<void> => {
      log.info('reloading')
      try {
        await sidecar.reload(await readServeOptions(flags, env))
      } catch (error) {
        log.error('settings are not usable, keeping the ones in use', { error })
        await sidecar.reload()
      }
    }
    // One after the other, so that the settings read last are those in use.
    let reloaded = Promise.resolve()
    const release = io.onSignal(['SIGHUP'], () => void (reloaded = reloaded.then(reload)))
    try {
      if (options.closed === true) {
        log.warn('no authorization token: credentials are served as instance metadata alone', {
          hint: `--authorization-token-file or --no-authorization opens ${CREDENTIALS_PATH}`,
        })
      }
      log.info('serving credentials', {
        uri: sidecar.url + CREDENTIALS_PATH,
        ...(sidecar.urls.length > 1 && { addresses: sidecar.urls }),
        ...(options.imds && { imds: true }),
        health: sidecar.healthUrl,
        roles: [...options.workloads.keys()].filter(Boolean),
        tokenFile: options.tokenFile,
      })
      await untilAborted(AbortSignal.any([io.signal, quit.signal]))
      if (options.drainDelayMs > 0 && !quit.signal.aborted) {
        log.info('serving until clients have ended', { drainDelayMs: options.drainDelayMs })
        await clock.sleep(options.drainDelayMs, { signal: quit.signal })
      }
      log.info('draining')
      return 0
    } finally {
      release()
      await sidecar.stop()
    }
  },
}
