import { expect } from 'chai'
import { parse } from 'yaml'
import { checkProviderConfig } from '../../../src/ecr/check-provider-config.js'
import { matchesImage } from '../../../src/ecr/match-image.js'
import {
  type CredentialProvider,
  matchImagesFor,
  providerConfig,
  type TokenAttributes,
} from '../../../src/ecr/provider-config.js'
import { providerConfigYaml } from '../../../src/ecr/provider-config-yaml.js'
import { privateRegistry, registryHostNames } from '../../../src/ecr/registry-host.js'
import { REGISTRY_PARTITIONS } from '../../../src/ecr/registry-partitions.js'

const REGIONS: Readonly<Record<string, string>> = {
  aws: 'us-west-2',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-eusc': 'eusc-de-east-1',
  'aws-iso': 'us-iso-east-1',
  'aws-iso-b': 'us-isob-east-1',
  'aws-iso-e': 'eu-isoe-west-1',
  'aws-iso-f': 'us-isof-south-1',
}
const init = {
  name: 'rolesanywhere-ecr-credential-provider',
  partitions: REGISTRY_PARTITIONS,
  aliases: ['images.example.com:8443'],
  env: { ROLESANYWHERE_SESSION_DURATION: '3600', ROLESANYWHERE_CERTIFICATE: '/a b: #"c' },
  audience: 'registries',
}

describe('matchImagesFor', () => {
  for (const partition of REGISTRY_PARTITIONS) {
    it(`covers every host name of a registry in ${partition}`, () => {
      const registry = privateRegistry('123456789012', REGIONS[partition] ?? '')
      const hosts = registry ? registryHostNames(registry) : []
      expect(hosts).to.not.have.length(0)
      for (const host of hosts) {
        const covered = matchImagesFor([partition]).some((one) => matchesImage(one, `${host}/a/b`))
        expect(covered, host).to.equal(true)
      }
    })
  }

  it('covers the public gallery, and nothing of strangers', () => {
    const patterns = matchImagesFor()
    const covers = (image: string) => patterns.some((pattern) => matchesImage(pattern, image))
    expect(covers('public.ecr.aws/a')).to.equal(true)
    expect(covers('ecr-public.aws.com/a')).to.equal(true)
    expect(covers('docker.io/library/alpine')).to.equal(false)
    expect(covers('123456789012.dkr.ecr.us-west-2.amazonaws.com.evil.example/a')).to.equal(false)
    expect(covers('123456789012.dkr.ecr.us-west-2.amazonaws.com:5000/a')).to.equal(false)
  })
})

describe('matchesImage', () => {
  for (const [pattern, image, expected] of [
    ['*.example.com', 'a.example.com/x', true],
    ['*.example.com', 'a.b.example.com/x', false],
    ['*.*.example.com', 'a.b.example.com/x', true],
    ['example.com/team', 'example.com/team/app', true],
    ['example.com/team', 'example.com/other', false],
    ['example.com:8080', 'example.com:8080/x', true],
    ['example.com:8080', 'example.com/x', false],
    ['exam?le.com', 'example.com', true],
    ['[ab].com', 'b.com', true],
    ['[^ab].com', 'b.com', false],
    ['a\\*.com', 'ab.com', false],
    ['A.com', 'a.com', false],
    // Both lack what the documentation of Kubernetes once showed.
    ['*.dkr.ecr.*.amazonaws.cn', '1.dkr.ecr.cn-north-1.amazonaws.com.cn', false],
  ] as const) {
    it(`says ${expected} for ${pattern} and ${image}`, () => {
      expect(matchesImage(pattern, image)).to.equal(expected)
    })
  }
})

describe('providerConfig', () => {
  it('is accepted by the rules of the kubelet', () => {
    expect(checkProviderConfig(providerConfig(init))).to.deep.equal([])
  })

  it('comes out of YAML as it went in', () => {
    const config = providerConfig(init)
    expect(parse(providerConfigYaml(config))).to.deep.equal(config)
  })
})

describe('checkProviderConfig', () => {
  const [good] = providerConfig(init).providers
  const check = (change: Partial<CredentialProvider>): string[] =>
    checkProviderConfig({
      ...providerConfig(init),
      providers: [{ ...(good as CredentialProvider), ...change }],
    })
  const attributes = (change: Partial<TokenAttributes>): Partial<CredentialProvider> => ({
    tokenAttributes: { ...(good?.tokenAttributes as TokenAttributes), ...change },
  })

  for (const [what, change] of [
    ['a name with a slash', { name: 'a/b' }],
    ['a name with a space', { name: 'a b' }],
    ['the name ..', { name: '..' }],
    ['no images', { matchImages: [] }],
    ['a pattern with a scheme', { matchImages: ['https://a'] }],
    ['a glob in the port', { matchImages: ['a.b:*'] }],
    ['a glob in the path', { matchImages: ['a.b/*'] }],
    ['a broken glob', { matchImages: ['[a.b'] }],
    ['a duration without a unit', { defaultCacheDuration: '12' }],
    ['a negative duration', { defaultCacheDuration: '-1s' }],
    ['an unknown version', { apiVersion: 'v1' }],
    ['tokens before v1', { apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1' }],
    ['an empty audience', attributes({ serviceAccountTokenAudience: '' })],
    ['an unknown kind of cache', attributes({ cacheType: 'Pod' })],
    [
      'required annotations without a required service account',
      attributes({ requireServiceAccount: false }),
    ],
    [
      'a key that is no qualified name',
      attributes({ requiredServiceAccountAnnotationKeys: ['a b'] }),
    ],
    ['a key that is there twice', attributes({ optionalServiceAccountAnnotationKeys: ['a', 'a'] })],
    [
      'a key that is both',
      attributes({ optionalServiceAccountAnnotationKeys: ['rolesanywhere.io/role-arn'] }),
    ],
  ] as const) {
    it(`finds ${what}`, () => {
      expect(check(change)).to.not.deep.equal([])
    })
  }

  it('finds two providers of one name, and none at all', () => {
    const config = providerConfig(init)
    expect(checkProviderConfig({ ...config, providers: [] })).to.have.length(1)
    const twice = [...config.providers, ...config.providers]
    expect(checkProviderConfig({ ...config, providers: twice })).to.have.length(1)
  })
})
