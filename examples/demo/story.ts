import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ARNS, DEMO_REGION, lookAlikeState } from './look-alike.js'
import type { Narrator } from './narrator.js'
import type { Processes } from './processes.js'

/** What the story is told with. */
export interface Stage {
  readonly narrator: Narrator
  readonly processes: Processes
  /** An empty folder. */
  readonly folder: string
  /** The built command. */
  readonly program: string
  /** The built S3 bucket lister. */
  readonly bucketLister: string
}

/** From a certificate to a bucket list. Throws as soon as something is not as the story says. */
export async function tellStory({
  narrator,
  processes,
  folder,
  program,
  bucketLister,
}: Stage): Promise<void> {
  const { step, say, command, output } = narrator
  const path = (...names: string[]): string => join(folder, ...names)
  const short = (text: string): string => text.replaceAll(`${folder}/`, '')

  async function rolesanywhere(args: readonly string[]): Promise<void> {
    command(short(`rolesanywhere ${args.map(quote).join(' ')}`))
    const finished = await processes.run([program, ...args])
    output(short(finished.stdout))
    if (finished.status !== 0) {
      throw new Error(`ended with status ${finished.status}\n${finished.stderr}`)
    }
  }

  step('A certificate for the workload')
  say(
    'A development CA stands for the one that you have. Its root is what AWS will trust; the workload gets a certificate and a private key, and no AWS key at all.',
  )
  await rolesanywhere(['pki', 'init', '--directory', path('pki')])
  await rolesanywhere([
    'pki',
    'issue',
    'lister',
    '--directory',
    path('pki'),
    '--subject',
    'CN=lister,OU=payments,O=Example',
  ])

  step('AWS, or something very like it')
  say(
    'The emulator knows a trust anchor (the CA), a profile, and a role that trusts only certificates with OU=payments. It verifies every request for real: certificate chain, signature, trust policy, session keys.',
  )
  await writeFile(
    path('state.json'),
    JSON.stringify(lookAlikeState(path('pki', 'ca.pem')), undefined, 2),
  )
  command('rolesanywhere emulator --listen 127.0.0.1:0 --state state.json &')
  const emulator = processes.serve([
    program,
    'emulator',
    '--listen',
    '127.0.0.1:0',
    '--state',
    path('state.json'),
    '--port-file',
    path('port'),
  ])
  await emulator.logged(/http:\/\/127\.0\.0\.1:\d+/)
  const aws = `http://127.0.0.1:${(await readFile(path('port'), 'utf8')).trim()}`
  say(`It listens on ${aws}.`)

  const identity = (directory: string): string[] => [
    '--certificate',
    path(directory, 'issued', 'lister.chain.pem'),
    '--private-key',
    path(directory, 'issued', 'lister.key'),
    '--trust-anchor-arn',
    ARNS.trustAnchor,
    '--profile-arn',
    ARNS.profile,
    '--role-arn',
    ARNS.role,
    '--endpoint',
    aws,
  ]

  step('The credential server')
  say(
    'It signs a CreateSession request with the private key, holds the session, renews it in the background, and serves it on the container credentials endpoint that every AWS SDK knows.',
  )
  command(
    'rolesanywhere serve --certificate … --private-key … --trust-anchor-arn … --profile-arn … --role-arn … &',
  )
  const server = processes.serve([
    program,
    'serve',
    ...identity('pki'),
    '--listen',
    '127.0.0.1:0',
    '--health-listen',
    '127.0.0.1:0',
    '--authorization-token-file',
    path('token'),
    '--log-format',
    'json',
  ])
  const [serving, refreshed] = await Promise.all([
    server.logged(/serving credentials/),
    server.logged(/session refreshed|no session/),
  ])
  const { uri } = JSON.parse(serving) as { uri: string }
  const session = JSON.parse(refreshed) as {
    msg: string
    expiration?: string
    assumedRoleArn?: string
  }
  if (session.msg !== 'session refreshed') throw new Error(refreshed)
  output(`${session.msg}: ${session.assumedRoleArn ?? ''} until ${session.expiration ?? ''}`)

  step('An application that knows nothing of all this')
  say(
    "The S3 bucket lister is a process of its own. It uses the AWS SDK's default credential chain; two variables tell the chain where to ask. (Two more point it to the emulator instead of AWS.)",
  )
  const found = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path('token'),
  }
  const lookAlike = { AWS_REGION: DEMO_REGION, AWS_ENDPOINT_URL: aws }
  command(
    `AWS_CONTAINER_CREDENTIALS_FULL_URI=${uri} \\\n  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token s3-bucket-lister`,
  )
  const listed = await processes.run([bucketLister], { ...found, ...lookAlike })
  output(listed.stdout)
  if (listed.status !== 0 || !listed.stdout.includes('invoices-2026'))
    throw new Error(listed.stderr)

  step('The same session for the AWS command line')
  say(
    'The credential_process key of an AWS config file takes this command. (The secret parts are cut here.)',
  )
  command('rolesanywhere credential-process --certificate … --private-key … --role-arn …')
  const printed = await processes.run([program, 'credential-process', ...identity('pki')])
  if (printed.status !== 0) throw new Error(printed.stderr)
  output(printed.stdout.replace(/("(?:SecretAccessKey|SessionToken)":)"[^"]*"/g, '$1"…"'))

  step('A certificate that AWS should not trust')
  say(
    'Somebody makes a CA of their own and issues a certificate with the same name. The refusal says what to do.',
  )
  await rolesanywhere(['pki', 'init', '--directory', path('stranger')])
  await rolesanywhere([
    'pki',
    'issue',
    'lister',
    '--directory',
    path('stranger'),
    '--subject',
    'CN=lister,OU=payments,O=Example',
  ])
  command('rolesanywhere credential-process --certificate stranger/issued/lister.chain.pem …')
  const refused = await processes.run([program, 'credential-process', ...identity('stranger')])
  output(`${refused.stderr}(exit status ${refused.status})`)
  if (refused.status !== 5 || refused.stdout !== '') throw new Error('the stranger was not refused')

  step('A neighbour without the token')
  command(`curl ${uri}`)
  const stranger = await fetch(uri)
  output(`HTTP ${stranger.status} ${await stranger.text()}`)
  if (stranger.status !== 401) throw new Error('the neighbour was not refused')

  step('AWS goes away')
  say(
    'The emulator ends. The session held is good until its own end, and whoever asks gets it at once.',
  )
  await emulator.stop()
  const startMs = performance.now()
  const held = await fetch(uri, {
    headers: { authorization: await readFile(path('token'), 'utf8') },
  })
  const { Expiration } = (await held.json()) as { Expiration?: string }
  output(
    `HTTP ${held.status} after ${(performance.now() - startMs).toFixed(0)} ms, valid until ${Expiration ?? ''}`,
  )
  if (held.status !== 200) throw new Error('the session held was not served')

  step('The end')
  const status = await server.stop()
  say(
    `The credential server drained and ended with status ${status}. With a real trust anchor, profile and role, and without the two variables for the emulator, the same programs do the same against AWS.`,
  )
  if (status !== 0) throw new Error('the credential server did not end well')
}

/** As a shell would need it. */
const quote = (text: string): string => (/[^\w@%+=:,./-]/.test(text) ? `"${text}"` : text)
