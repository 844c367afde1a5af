import type {
  CertificateSnapshot,
  RoleSnapshot,
  SidecarEvent,
  SidecarSnapshot,
} from '../observer.js'
import { html, Html } from './html.js'
import { dateText, instantText, relativeText, spanText, timeText } from './relative-time.js'
import {
  certificateState,
  hasSession,
  type Problem,
  roleState,
  sidecarStatus,
  type State,
} from './sidecar-status.js'
import { STATUS_STYLE } from './status-style.js'
import { barSvg, scaleSvg, type TimeLine, timeLineOf } from './time-line.js'

const RELOAD_SECONDS = 15

/** Byte for byte what the content security policy has the hash of. */
const STYLE = new Html(`<style>${STATUS_STYLE}</style>`)

const STATE_WORD: Readonly<Record<State, string>> = {
  ready: 'Ready',
  degraded: 'Degraded',
  starting: 'Starting',
  failed: 'Not ready',
}

const NOW_KEY = html`<svg viewBox="0 0 16 16">
  <rect class="now" x="7" width="2" height="16" />
</svg>`

const MARK_KEY = html`<svg class="mark" viewBox="0 0 16 16">
  <path d="M8 1.5 14.5 8 8 14.5 1.5 8Z" />
</svg>`

/**
 * The status page for people: no script, nothing loaded from elsewhere, nothing secret.
 *
 * @returns a whole HTML document.
 */
export function statusPage(snapshot: SidecarSnapshot, now: Date, version: string): string {
  const { state, headline, problems } = sidecarStatus(snapshot, now)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="${RELOAD_SECONDS}" />
        <title>${STATE_WORD[state]}: ${headline}</title>
        <link rel="icon" href="data:," />
        ${STYLE}
      </head>
      <body>
        <main>
          <header class="${state}">
            ${stateWord(state)}
            <h1>${headline}</h1>
            ${problemList(problems)}
          </header>
          ${sessions(snapshot.roles, now)} ${certificate(snapshot.certificate, now)}
          ${events(snapshot.events, now)}
          <footer class="quiet">
            ${spans([
              `rolesanywhere ${version}, up ${spanText(now.getTime() - snapshot.startedAt.getTime())}`,
              `as of ${instantText(now)}`,
              `loads again every ${RELOAD_SECONDS} s`,
            ])}
            <a href="/readyz">readyz</a>
            <a href="/healthz">healthz</a>
            <a href="/metrics">metrics</a>
          </footer>
        </main>
      </body>
    </html> `.text
}

const stateWord = (state: State): Html => html`<span class="state">${STATE_WORD[state]}</span>`

function problemList(problems: readonly Problem[]): Html | undefined {
  if (problems.length === 0) return undefined
  return html`<ul>
    ${problems.map(({ what, advice }) => html`<li>${what} ${advice}</li>`)}
  </ul>`
}

function sessions(roles: readonly RoleSnapshot[], now: Date): Html {
  const line = timeLineOf(
    roles.flatMap((role) => [role.refreshedAt, role.nextRefreshAt, role.expiration]),
    now,
  )
  return html`<section>
    <h2>Sessions</h2>
    ${roles.map((role) => session(role, line, now))} ${scaleSvg(line)}
    <div class="key quiet">
      ${spans([html`${NOW_KEY} now`, html`${MARK_KEY} next refresh`, 'times in UTC'])}
    </div>
  </section>`
}

function session(role: RoleSnapshot, line: TimeLine, now: Date): Html {
  const { name, roleArn, refreshedAt, nextRefreshAt, expiration } = role
  const state = roleState(role, now)
  const held = expiration !== undefined && hasSession(role, now)
  const bar = held
    ? {
        from: refreshedAt ?? now,
        to: expiration,
        label: `session until ${instantText(expiration)}`,
        ...(nextRefreshAt && { mark: nextRefreshAt }),
      }
    : undefined
  const facts = [
    obtainedText(held ? refreshedAt : undefined, now),
    nextRefreshAt && `next ${held ? 'refresh' : 'attempt'} ${dueText(nextRefreshAt, now)}`,
    held ? `expires ${timeText(expiration)}, ${relativeText(expiration, now)}` : undefined,
  ]
  return html`<div class="role ${state}">
    <div class="title">
      <h3>${name}</h3>
      ${stateWord(state)}
    </div>
    <code class="quiet">${roleArn}</code>
    ${barSvg(line, bar, now)}
    <div class="ends quiet">${spans(facts)}</div>
  </div>`
}

function certificate(found: CertificateSnapshot | undefined, now: Date): Html {
  if (!found) {
    return html`<section class="starting">
      <h2>Certificate</h2>
      <span class="state">${CERTIFICATE_WORD.starting}</span>
    </section>`
  }
  const { subject, serialNumber, notBefore, notAfter, loadedAt, chainLength } = found
  const state = certificateState(found, now)
  const bar = {
    from: notBefore,
    to: notAfter,
    label: `valid from ${instantText(notBefore)} to ${instantText(notAfter)}`,
  }
  const verb = notAfter > now ? 'expires' : 'expired'
  const end = `${verb} ${instantText(notAfter)}, ${relativeText(notAfter, now)}`
  return html`<section class="${state}">
    <h2>Certificate</h2>
    <div class="title">
      <h3>${subject}</h3>
      <span class="state">${CERTIFICATE_WORD[state]}</span>
    </div>
    ${barSvg({ from: notBefore, to: notAfter }, bar, now)}
    <div class="ends quiet">${spans([`valid since ${instantText(notBefore)}`, end])}</div>
    <dl>
      <dt>Serial number</dt>
      <dd><code>${serialNumber}</code></dd>
      <dt>Intermediates</dt>
      <dd>${chainLength}</dd>
      <dt>Loaded</dt>
      <dd>${instantText(loadedAt)}, ${relativeText(loadedAt, now)}</dd>
    </dl>
  </section>`
}

const CERTIFICATE_WORD: Readonly<Record<State, string>> = {
  ready: 'Valid',
  degraded: 'Valid, needs a look',
  starting: 'Not read yet',
  failed: 'Expired',
}

/** Newest first. */
function events(all: readonly SidecarEvent[], now: Date): Html {
  const rows = all.toReversed().map(
    ({ at, level, role, message }) =>
      html`<tr class="${level}">
        <td>${eventTime(at, now)}</td>
        <td>${level}</td>
        <td>${role}</td>
        <td>${message}</td>
      </tr>`,
  )
  return html`<section>
    <h2>Last events</h2>
    ${
      rows.length === 0
        ? html`<p class="quiet">nothing happened yet</p>`
        : html`<table>
            <thead>
              <tr>
                <th scope="col">Time, UTC</th>
                <th scope="col">Level</th>
                <th scope="col">Role</th>
                <th scope="col">Event</th>
              </tr>
            </thead>
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
  </section>`
}

/** Side by side where there is room, below each other where there is none. */
function spans(texts: readonly (Html | string | undefined)[]): Html[] {
  return texts.flatMap((text) => (text === undefined ? [] : [html`<span>${text}</span>`]))
}

const obtainedText = (at: Date | undefined, now: Date): string =>
  at ? `obtained ${relativeText(at, now)}` : 'no session'

/** A due time in the past means that it is under way. */
const dueText = (at: Date, now: Date): string => (at > now ? relativeText(at, now) : 'now')

/** The day is shown only when it is another one. */
function eventTime(at: Date, now: Date): Html {
  const day = dateText(at) === dateText(now) ? '' : `${dateText(at)} `
  const title = relativeText(at, now)
  return html`<time datetime="${at.toISOString()}" title="${title}">${day}${timeText(at)}</time>`
}
