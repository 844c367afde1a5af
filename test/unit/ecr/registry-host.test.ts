import { expect } from 'chai'
import fc from 'fast-check'
import {
  parseRegistryHost,
  privateRegistry,
  registryHostNames,
  type Registry,
} from '../../../src/ecr/registry-host.js'

const A = '123456789012'

/** Hosts of ECR: partition, region, FIPS, dual-stack. */
const REGISTRIES: readonly (readonly [string, string, string, boolean, boolean])[] = [
  [`${A}.dkr.ecr.us-west-2.amazonaws.com`, 'aws', 'us-west-2', false, false],
  [`${A}.dkr.ecr.ap-southeast-7.amazonaws.com`, 'aws', 'ap-southeast-7', false, false],
  [`${A}.dkr.ecr-fips.us-east-1.amazonaws.com`, 'aws', 'us-east-1', true, false],
  [`${A}.dkr-ecr.us-west-2.on.aws`, 'aws', 'us-west-2', false, true],
  [`${A}.dkr-ecr-fips.us-west-2.on.aws`, 'aws', 'us-west-2', true, true],
  [`${A}.dkr.ecr.us-gov-west-1.amazonaws.com`, 'aws-us-gov', 'us-gov-west-1', false, false],
  [`${A}.dkr.ecr-fips.us-gov-west-1.amazonaws.com`, 'aws-us-gov', 'us-gov-west-1', true, false],
  [`${A}.dkr.ecr.cn-north-1.amazonaws.com.cn`, 'aws-cn', 'cn-north-1', false, false],
  [`${A}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn`, 'aws-cn', 'cn-north-1', false, true],
  [`${A}.dkr.ecr.eusc-de-east-1.amazonaws.eu`, 'aws-eusc', 'eusc-de-east-1', false, false],
  [`${A}.dkr.ecr.us-iso-east-1.c2s.ic.gov`, 'aws-iso', 'us-iso-east-1', false, false],
  [`${A}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov`, 'aws-iso-b', 'us-isob-east-1', false, false],
  [`${A}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk`, 'aws-iso-e', 'eu-isoe-west-1', false, false],
  [`${A}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov`, 'aws-iso-f', 'us-isof-south-1', false, false],
]

const CLASSIC = `${A}.dkr.ecr.us-west-2.amazonaws.com`

/** What must never get a password of ECR. */
const STRANGERS: readonly string[] = [
  '',
  'docker.io',
  'evil.example/x',
  `${CLASSIC}.evil.example`,
  `evil.example/${CLASSIC}`,
  `${CLASSIC}@evil.example`,
  `user:pw@${CLASSIC}`,
  `https://evil.example/?${CLASSIC}`,
  `evil${CLASSIC}`,
  `x.${CLASSIC}`,
  `${CLASSIC}.`,
  `${CLASSIC}\n`,
  `${CLASSIC}:5000`,
  `${CLASSIC}:443:443`,
  `ftp://${CLASSIC}`,
  `12345678901.dkr.ecr.us-west-2.amazonaws.com`,
  `1234567890123.dkr.ecr.us-west-2.amazonaws.com`,
  `${A}.dkr.ecr.us-west-2.amazonawsxcom`,
  `${A}.dkr.ecr.us-west-2.amazonaws.comn`,
  `${A}.dkr.ecr.us-west-2.amazonaws.co`,
  // The suffix of another partition than the region's.
  `${A}.dkr.ecr.cn-north-1.amazonaws.com`,
  `${A}.dkr.ecr.us-west-2.amazonaws.com.cn`,
  `${A}.dkr.ecr.us-west-2.amazonaws.eu`,
  // Forms that both of AWS's own patterns take and that do not exist.
  `${A}.dkr.ecr.us-west-2.on.aws`,
  `${A}.dkr-ecr.us-west-2.amazonaws.com`,
  // Not documented.
  `${A}.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu`,
  `${A}.dkr.ecr-fips.cn-north-1.amazonaws.com.cn`,
  `${A}.dkr.ecr..amazonaws.com`,
  `${A}.dkr.ecr.-us-west-2.amazonaws.com`,
  'public.ecr.aws.evil.example',
  'api.ecr.us-west-2.amazonaws.com',
]

describe('parseRegistryHost', () => {
  for (const [host, partition, region, fips, dualStack] of REGISTRIES) {
    it(`knows ${host}`, () => {
      expect(parseRegistryHost(host)).to.deep.equal({
        host,
        registry: { kind: 'private', account: A, partition, region, fips, dualStack },
      })
    })
  }

  for (const host of ['public.ecr.aws', 'ecr-public.aws.com']) {
    it(`knows ${host}`, () => {
      expect(parseRegistryHost(`${host}/docker/library/alpine`)?.registry).to.include({
        kind: 'public',
        region: 'us-east-1',
      })
    })
  }

  for (const host of STRANGERS) {
    it(`takes ${JSON.stringify(host)} for no registry of ECR`, () => {
      expect(parseRegistryHost(host)).to.equal(undefined)
    })
  }

  for (const reference of [
    `https://${CLASSIC}`,
    `https://${CLASSIC}/v2/`,
    `${CLASSIC}/team/app:v1`,
    `${CLASSIC}/team/app@sha256:${'0'.repeat(64)}`,
  ]) {
    it(`finds the host in ${reference}`, () => {
      expect(parseRegistryHost(reference)?.host).to.equal(CLASSIC)
    })
  }

  it('ignores letter case, and gives the host back as it was written', () => {
    const host = CLASSIC.toUpperCase()
    expect(parseRegistryHost(host)).to.deep.equal({
      host,
      registry: parseRegistryHost(CLASSIC)?.registry,
    })
  })

  it('takes port 443 for what it is', () => {
    expect(parseRegistryHost(`${CLASSIC}:443/app`)?.host).to.equal(`${CLASSIC}:443`)
  })

  it('takes an alias for its registry, with exactly its port', () => {
    const registry = privateRegistry(A, 'us-west-2') as Registry
    const aliases = new Map([['images.example.com:8443', registry]])
    const find = (host: string) => parseRegistryHost(host, aliases)?.registry
    expect(find('Images.example.com:8443/app')).to.equal(registry)
    expect(find('images.example.com/app')).to.equal(undefined)
  })

  it('knows every name that a registry has', () => {
    const account = fc.stringMatching(/^\d{12}$/)
    const region = fc.constantFrom(...REGISTRIES.map((row) => row[2]))
    fc.assert(
      fc.property(account, region, (id, name) => {
        const registry = privateRegistry(id, name) as Registry
        for (const host of registryHostNames(registry)) {
          const found = parseRegistryHost(host)?.registry
          expect({ ...found, fips: false, dualStack: false }).to.deep.equal(registry)
        }
      }),
    )
  })

  it('takes no host with anything around it', () => {
    const hosts = fc.constantFrom(...REGISTRIES.map(([host]) => host))
    const more = fc.stringMatching(/^[a-z0-9.-]+$/)
    fc.assert(
      fc.property(hosts, more, (host, text) => {
        // A registry's suffix may itself go on: amazonaws.com and amazonaws.com.cn.
        fc.pre(text !== '.cn')
        expect(parseRegistryHost(host + text)).to.equal(undefined)
        fc.pre(!/^\d*$/.test(text))
        expect(parseRegistryHost(text + host)).to.equal(undefined)
      }),
    )
  })
})
