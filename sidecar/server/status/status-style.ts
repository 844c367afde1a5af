/** The style of the status page: light and dark by the reader's own setting, from 320 px on. */
export const STATUS_STYLE = `
:root{color-scheme:light dark;--ink:#1c2530;--quiet:#5a6673;--page:#f3f5f7;--card:#fff;--line:#d9dfe5;--track:#e8ecf0;--past:#a9b7c4;--now:#1c2530;--ready:#1a7f4b;--degraded:#9a5b00;--failed:#c0262d;--starting:#2c62b8}
@media(prefers-color-scheme:dark){:root{--ink:#e7ecf1;--quiet:#9fabb8;--page:#11161b;--card:#1a2128;--line:#2f3943;--track:#28313a;--past:#55636f;--now:#fff;--ready:#46c285;--degraded:#eda73c;--failed:#ff7a7d;--starting:#7fb0ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.45 system-ui,sans-serif}
main{max-width:54rem;margin:0 auto;padding:1rem}
section,header{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem;margin:0 0 1rem}
header{border-left:6px solid var(--state)}
h1{font-size:1.35rem;line-height:1.25;margin:.3rem 0 0;text-wrap:balance}
h2{font-size:1rem;margin:0 0 .75rem}
h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
p{margin:.25rem 0 0}
ul{margin:.75rem 0 0;padding-left:1.2rem}
li{margin:.35rem 0;overflow-wrap:anywhere}
svg{display:block;width:100%;overflow:visible}
a{color:inherit}
code{font:.875em/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.ready{--state:var(--ready)}.degraded{--state:var(--degraded)}.failed{--state:var(--failed)}.starting{--state:var(--starting)}
.state{color:var(--state);font-weight:600;white-space:nowrap}
.state::before{content:"";display:inline-block;width:.6em;height:.6em;border-radius:50%;background:var(--state);margin-right:.4em}
.failed .state::before{border-radius:0}
.starting .state::before{background:none;box-shadow:inset 0 0 0 2px var(--state)}
.degraded .state::before{border-radius:0;transform:rotate(45deg)}
.title{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem}
.quiet{color:var(--quiet);font-size:.875rem}
.role+.role{margin-top:1.25rem}
.bar{margin:.35rem 0}
.track{fill:var(--track)}.past{fill:var(--past)}.left{fill:var(--state)}.now{fill:var(--now)}
.mark path{fill:var(--card);stroke:var(--ink);stroke-width:1.5}
.ends{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem}
.scale{margin-top:.75rem;font-size:12px}
.scale path{stroke:var(--quiet)}.scale text{fill:var(--quiet)}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin-top:.75rem}
.key svg{display:inline-block;width:16px;height:16px;vertical-align:-3px;margin-right:.35rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.75rem 0 0;font-size:.875rem}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-size:.875rem}
th{text-align:left;font-weight:600;color:var(--quiet)}
th,td{padding:.35rem .75rem .35rem 0;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0}
td:first-child,td:nth-child(2){white-space:nowrap}
td:nth-child(3){min-width:7rem;overflow-wrap:anywhere}
td:last-child{width:100%;overflow-wrap:anywhere}
tr.warn td:nth-child(2){color:var(--degraded);font-weight:600}
tr.error td:nth-child(2){color:var(--failed);font-weight:600}
footer{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0 .25rem}
@media(max-width:36rem){main{padding:.5rem}section,header{padding:.85rem;margin-bottom:.5rem}thead{display:none}tr{display:flex;flex-wrap:wrap;gap:0 .75rem;border-top:1px solid var(--line);padding:.4rem 0}tr:first-child{border-top:0;padding-top:0}td{padding:0;border:0}td:last-child{flex:1 0 100%}td:nth-child(3){min-width:0}td:empty{display:none}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}.ends{flex-direction:column}ul{padding-left:1rem;font-size:.9375rem}code,code.quiet{font-size:.75rem}}
`
