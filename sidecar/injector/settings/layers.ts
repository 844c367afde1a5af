import { type AnnotationName, ANNOTATIONS, type Layer, LAYERS } from '../annotations.js'
import type { InjectorConfig } from '../config/injector-config.js'
import type { Fields } from '../pod/pod.js'
import { refusal } from '../refusal.js'

/** A value and who gave it. */
export interface Setting {
  readonly text: string
  readonly layer: Layer
  /** As a person would name it: `annotation of ServiceAccount payments/app`. */
  readonly source: string
}

/** What each layer says. */
export interface Layers {
  readonly prefix: string
  readonly values: Readonly<Record<Layer, Fields>>
  readonly names: Readonly<Record<Layer, string>>
}

/** Puts the layers of a pod together. */
export function layersOf(
  config: InjectorConfig,
  given: {
    readonly pod: Fields | undefined
    readonly serviceAccount: Fields | undefined
    readonly namespace: Fields | undefined
    readonly names: { readonly namespace: string; readonly serviceAccount: string }
  },
): Layers {
  const { prefix, defaults } = config
  const configuration = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [`${prefix}/${name}`, value]),
  )
  const { namespace, serviceAccount } = given.names
  return {
    prefix,
    values: {
      pod: given.pod ?? {},
      serviceAccount: given.serviceAccount ?? {},
      namespace: given.namespace ?? {},
      configuration,
    },
    names: {
      pod: 'annotation of the pod',
      serviceAccount: `annotation of ServiceAccount ${namespace}/${serviceAccount}`,
      namespace: `annotation of Namespace ${namespace}`,
      configuration: 'default of the injector configuration',
    },
  }
}

/**
 * What the nearest layer says that may say it. Text of white space alone counts as absent, so that a
 * pod cannot take a lower layer's value away by accident.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED` when it is no text.
 */
export function settingAt(layers: Layers, name: AnnotationName): Setting | undefined {
  const allowed: readonly Layer[] = ANNOTATIONS[name]
  for (const layer of LAYERS) {
    if (!allowed.includes(layer)) continue
    const found = textIn(layers, layer, name)
    if (found !== undefined) return { text: found, layer, source: layers.names[layer] }
  }
  return undefined
}

/** What one layer says. */
export function textIn(layers: Layers, layer: Layer, name: AnnotationName): string | undefined {
  const value = layers.values[layer][`${layers.prefix}/${name}`]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') {
    throw refusal(
      'annotation-invalid',
      `${layers.prefix}/${name} (${layers.names[layer]}) is not text`,
      'put the value in quotes',
    )
  }
  return value.trim() || undefined
}
