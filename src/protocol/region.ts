import { RolesAnywhereError } from '../errors.js'

/** A region as settings write it, taken apart. */
export interface RegionName {
  /** The real region: what credential scopes and host names say. */
  readonly region: string
  /** Whether it was written as one of the old pseudo-regions, `fips-REGION` or `REGION-fips`. */
  readonly useFips: boolean
}

/** Whether a text can be a region: it becomes one label of a host name, so nothing else may pass. */
export function isRegion(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
}

/**
 * Reads a region, also one that nobody has heard of yet.
 *
 * @param what Names the setting in the error.
 * @throws RolesAnywhereError `ERR_RA_SETTING_INVALID`.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
 */
export function parseRegion(text: string, what = 'region (--region)'): RegionName {
  const region = text.replace(/^fips-|-fips$/g, '')
  if (isRegion(region)) return { region, useFips: region !== text }
  throw new RolesAnywhereError('ERR_RA_SETTING_INVALID', `${what}: not the name of a region`, {
    hint: 'a region is written like eu-central-1, in lower case',
  })
}
