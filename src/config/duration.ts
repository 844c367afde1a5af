import { RolesAnywhereError } from '../errors.js'

/**
 * Seconds that a duration such as `900`, `90s`, `15m` or `1h30m` stands for. A plain number is seconds.
 *
 * @throws RolesAnywhereError `ERR_RA_SETTING_INVALID` when it is not of that form.
 */
export function parseDurationSeconds(text: string): number {
  const whole = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$|^(\d{1,6})$/.exec(text)
  if (!whole || text === '') {
    throw new RolesAnywhereError('ERR_RA_SETTING_INVALID', 'not a duration', {
      hint: 'write seconds (3600) or a number with a unit (15m, 1h)',
    })
  }
  const [, hours = '0', minutes = '0', seconds = '0', plain = '0'] = whole
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(plain)
}
