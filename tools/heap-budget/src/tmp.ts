import { setTimeout as delay } from "node:timers/promises";
import { sensorScenario } from "./sensor-scenario.ts";
import { startApplet, residentMemory } from "./running-applet.ts";
import { fillShop } from "./shop-cluster.ts";
import { get } from "node:http";
import { readFileSync } from "node:fs";
await using sc = await sensorScenario({scope:"cluster", fill:(a)=>fillShop({pods:1000,deployments:200},a)});
for (const arg of process.argv.slice(2)) { const [opts="",arena=""]=arg.split("|");
const start = await sc.start([process.execPath, "--max-semi-space-size=1", ...opts.split(" ").filter(Boolean)], "/work/main/apps/kinglet/dist/kinglet.cjs");
const dport = 18081; const ai=start.args.indexOf("--debug-bind"); (start.args as string[])[ai+1]=`127.0.0.1:${dport}`;
(start.args as string[]).push(...(process.env["EXTRA"]??"").split(" ").filter(Boolean));
const s2 = {...start, env:{...start.env, ...(arena?{MALLOC_ARENA_MAX:arena}:{})}};
await using a = await startApplet(s2);
const out=[];
const p=await import("./sensor-scenario.ts"); void p;
const dbg=async()=>JSON.stringify(await (await fetch(`http://127.0.0.1:${dport}/debug/heap`)).json());
if (process.env["EXTRA"]) (0);
for (const t of [0.2,3,10]) { await delay(t*1000-(out.length? [0.2,3,10][out.length-1]!*1000:0)); const m=await residentMemory(a.pid); out.push(t+"s:"+(m.anonymous/1e6).toFixed(1));  }
console.log(arg, await dbg(), out.join(" "), "ready", a.readyMs.toFixed(0));

}
