import { fileURLToPath } from 'node:url'
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { dataSource, withMadeUpValues } from './aws-values.js'
import { type Block, readAttribute, SCHEMA } from './schema.js'
import { decode, encode, type Value, UNKNOWN } from './values.js'

const PROTO = fileURLToPath(new URL('provider.proto', import.meta.url))

/** The environment in which Terraform takes a running provider in place of one that it installs. */
export interface StandIn {
  readonly env: Readonly<Record<string, string>>
  close(): void
}

interface Dynamic {
  readonly msgpack: Buffer
}

/**
 * Starts a provider that has the schema of the one for AWS, and calls nobody: what is asked for
 * comes to be, with ARNs made up. Terraform then evaluates a module down to its last document.
 */
export async function startStandIn(): Promise<StandIn> {
  const { 'tfplugin5.Provider': service } = loadSync(PROTO, { keepCase: true, enums: String })
  if (!service || !('GetSchema' in service)) throw new Error(`${PROTO} has no Provider`)
  const server = new Server()
  server.addService(service as Parameters<Server['addService']>[0], handlers())
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error)
      else resolve(bound)
    })
  })
  const running = {
    Protocol: 'grpc',
    ProtocolVersion: 5,
    Pid: process.pid,
    Test: true,
    Addr: { Network: 'tcp', String: `127.0.0.1:${port}` },
  }
  return {
    env: { TF_REATTACH_PROVIDERS: JSON.stringify({ 'hashicorp/aws': running }) },
    close: () => server.forceShutdown(),
  }
}

/** Each call's answer, from its request. */
const CALLS: Readonly<Record<string, (request: Record<string, unknown>) => object>> = {
  GetSchema: () => ({
    provider: { block: {} },
    resource_schemas: schemas(SCHEMA.resources),
    data_source_schemas: schemas(SCHEMA.dataSources),
  }),
  PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
  ValidateResourceTypeConfig: () => ({}),
  ValidateDataSourceConfig: () => ({}),
  Configure: () => ({}),
  Stop: () => ({}),
  UpgradeResourceState: ({ raw_state }) => ({ upgraded_state: raw_state }),
  ReadResource: ({ current_state }) => ({ new_state: current_state }),
  PlanResourceChange: ({ type_name, prior_state, proposed_new_state }) => {
    const [prior, proposed] = [read(prior_state), read(proposed_new_state)]
    const block = SCHEMA.resources[String(type_name)]
    const planned = prior === null && block ? withUnknowns(proposed, block) : proposed
    return { planned_state: write(planned), legacy_type_system: true }
  },
  ApplyResourceChange: ({ type_name, planned_state }) => {
    const state = withMadeUpValues(String(type_name), read(planned_state))
    return { new_state: write(state), legacy_type_system: true }
  },
  ReadDataSource: ({ type_name, config }) => ({
    state: write(dataSource(String(type_name), read(config))),
  }),
}

const handlers = (): UntypedServiceImplementation =>
  Object.fromEntries(
    Object.entries(CALLS).map(([name, answer]) => [
      name,
      (call: { request: Record<string, unknown> }, done: (error: null, value: object) => void) => {
        done(null, answer(call.request))
      },
    ]),
  )

const read = (value: unknown): Value => decode((value as Dynamic).msgpack)
const write = (value: Value): object => ({ msgpack: encode(value) })

/** What the provider decides, and nobody said, is known only afterwards. */
function withUnknowns(state: Value, { attributes }: Block): Value {
  if (state === null) return null
  const computed = Object.entries(attributes)
    .filter(([name, attribute]) => readAttribute(attribute).computed && state[name] === null)
    .map(([name]) => [name, UNKNOWN])
  return { ...state, ...(Object.fromEntries(computed) as object) }
}

const schemas = (blocks: Readonly<Record<string, Block>>): object =>
  Object.fromEntries(
    Object.entries(blocks).map(([name, block]) => [name, { block: wireBlock(block) }]),
  )

function wireBlock({ attributes, blocks }: Block): object {
  return {
    attributes: Object.entries(attributes).map(([name, attribute]) => {
      const { type, ...flags } = readAttribute(attribute)
      return { name, type: Buffer.from(JSON.stringify(type)), ...flags }
    }),
    block_types: Object.entries(blocks).map(([name, block]) => ({
      type_name: name,
      nesting: block.nesting === 'set' ? 'SET' : 'LIST',
      min_items: block.minItems ?? 0,
      max_items: block.maxItems ?? 0,
      block: wireBlock(block),
    })),
  }
}
