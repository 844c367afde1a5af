import { join } from 'node:path'
import { type Client, CLIENT_SOURCES, type Launch } from './client.js'
import {
  buildWithCargo,
  buildWithGo,
  buildWithMaven,
  installWithPip,
  unpackFromDebian,
  unpackedLibraries,
} from './install.js'

const launchAwsCli = (folder: string, programs: string, libraries: string): Launch => ({
  command: 'sh',
  args: [join(folder, 'client.sh')],
  env: {
    PATH: `${join(folder, programs)}:${process.env['PATH'] ?? ''}`,
    PYTHONPATH: join(folder, libraries),
    AWS_PAGER: '',
  },
})

const launchBuilt = (folder: string): Launch => ({ command: join(folder, 'client'), args: [] })

/** Every client. One more is one more row, and a program of the same form. */
export const CLIENTS: readonly Client[] = [
  {
    name: 'JavaScript v3',
    sources: 'javascript',
    token: 'file',
    // Run from here: the package is among this repository's own.
    launch: () => ({
      command: process.execPath,
      args: [join(CLIENT_SOURCES, 'javascript', 'client.js')],
    }),
  },
  {
    name: 'boto3',
    sources: 'boto3',
    token: 'file',
    install: installWithPip,
    launch: (folder) => ({
      command: 'python3',
      args: [join(folder, 'client.py')],
      env: { PYTHONPATH: join(folder, 'packages') },
    }),
  },
  {
    name: 'AWS CLI v1',
    sources: 'aws-cli',
    token: 'file',
    install: installWithPip,
    launch: (folder) => launchAwsCli(folder, 'packages/bin', 'packages'),
  },
  {
    name: 'AWS CLI v2 of Debian 12',
    sources: 'aws-cli',
    token: 'environment',
    install: unpackFromDebian('awscli'),
    launch: (folder) => launchAwsCli(folder, 'root/usr/bin', 'root/usr/lib/python3/dist-packages'),
  },
  {
    name: 'Go v2',
    sources: 'go',
    token: 'file',
    install: buildWithGo,
    launch: launchBuilt,
  },
  {
    name: 'Go v2 of 2022',
    sources: 'go-2022',
    token: 'environment',
    install: buildWithGo,
    launch: launchBuilt,
  },
  {
    name: 'Java v2',
    sources: 'java',
    token: 'file',
    install: buildWithMaven,
    launch: (folder) => ({
      command: 'java',
      args: [
        // It lives for a minute; the second compiler would not pay for itself.
        '-XX:TieredStopAtLevel=1',
        '-classpath',
        `${join(folder, 'target/classes')}:${join(folder, 'target/lib')}/*`,
        'Client',
      ],
    }),
  },
  {
    name: 'Rust',
    sources: 'rust',
    token: 'file',
    install: buildWithCargo,
    launch: launchBuilt,
  },
  {
    name: 'Ruby v3 of Debian 12',
    sources: 'ruby',
    token: 'none',
    install: unpackFromDebian('ruby-aws-sdk-s3'),
    launch: (folder) => ({
      command: join(folder, 'root/usr/bin/ruby'),
      args: [join(folder, 'client.rb')],
      env: unpackedLibraries(join(folder, 'root')),
    }),
  },
]
