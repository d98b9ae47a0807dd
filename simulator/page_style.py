"""The web page's style sheet."""

STYLE = """
* { box-sizing: border-box }
body { margin: 0; font: 14px/1.45 system-ui, "Noto Sans", "Noto Sans CJK JP", sans-serif;
  color: #1b2733; background: #f4f5f7 }
header { display: flex; gap: 2rem; align-items: center; background: #1b2733; color: #cfd8dc; padding: .7rem 1.5rem }
header a { color: #fff; text-decoration: none } header a:first-child { font-size: 1.15rem; font-weight: 600 }
header span { margin-left: auto; font-variant-numeric: tabular-nums }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 21rem; gap: 1.2rem; padding: 1.2rem 1.5rem }
main > p, main > h1, body > main { max-width: 75rem } body > main { padding: .8rem 1.5rem }
section { background: #fff; border: 1px solid #dde1e6; border-radius: 6px; padding: .7rem 1rem; margin-bottom: .9rem }
h1 { font-size: 1.4rem; margin: .4rem 0 } h2 { font-size: 1rem; margin: .2rem 0 .6rem }
h2 small { color: #687785; font-weight: 400 }
table { border-collapse: collapse; width: 100%; background: #fff; border: 1px solid #dde1e6; margin-bottom: 1rem }
.time { white-space: nowrap }
th, td { padding: .42rem .6rem; border-bottom: 1px solid #e8ebee; text-align: left; vertical-align: top }
th { background: #f9fafb; font-weight: 600; white-space: nowrap; color: #495866 }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
td { overflow-wrap: anywhere } td a { white-space: nowrap }
.facts th { width: 12rem } small { color: #687785 } em { color: #b3261e; font-style: normal; font-size: .85rem }
.log { font-size: 12px; border: 0 } .log td { padding: .15rem .3rem; overflow-wrap: normal } .bad td { color: #b3261e }
.status { display: inline-block; padding: 0 .5rem; border-radius: 9px; background: #e8ebee; white-space: nowrap }
.UNSHIPPED { background: #fff1cc } .SHIPPED { background: #d6f2df } .PARTIALLY_SHIPPED { background: #e3f1d5 }
.PENDING, .PENDING_AVAILABILITY { background: #dbe9ff } .CANCELLED, .UNFULFILLABLE { background: #f9dcda }
.parcel { display: grid; grid-template-columns: minmax(14rem, 1fr) 2fr; gap: .3rem 1.5rem; max-width: 60rem }
.parcel h3 { grid-column: 1 / -1; margin: 0; font-size: 1rem } .parcel b { font-variant-numeric: tabular-nums }
.parcel ul { margin: 0; padding-left: 1.1rem } .DELIVERED, .DONE { background: #d6f2df } .FATAL { background: #f9dcda }
form { display: inline } .bar { display: flex; gap: .8rem; align-items: center; flex-wrap: wrap }
button { font: inherit; font-size: 13px; padding: .15rem .6rem; margin: 0 .2rem .2rem 0; border: 1px solid #b8c1ca;
  border-radius: 5px; background: #fff; cursor: pointer; white-space: nowrap }
button:hover { background: #eef2f5 } button.main { background: #ffd814; border-color: #e0bd00 }
select, input { font: inherit; font-size: 13px; padding: .15rem .3rem; max-width: 100% }
input[type=number] { width: 4.5rem }
main td:nth-child(4) { min-width: 6rem } main td:nth-child(7) { min-width: 11.5rem }
aside section > form > select { width: 100%; margin-bottom: .3rem }
aside form { display: block; margin-bottom: .4rem } aside ul { margin: .3rem 0; padding-left: 1.2rem }
dt { color: #687785; font-size: 12px } dd { margin: 0 0 .4rem; overflow-wrap: anywhere; font-size: 12px }
pre { background: #fff; border: 1px solid #dde1e6; padding: .8rem; overflow: auto; font-size: 12px }
"""
