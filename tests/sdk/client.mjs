// RunPod's official JavaScript client, unmodified, against `rushes sandbox --listen`.
//
//     node client.mjs ORIGIN KEY        for example http://127.0.0.1:4711 secret

import runpodSdk from "runpod-sdk";

const [origin, key] = process.argv.slice(2);
let checks = 0;

function check(holds, what) {
  if (!holds) {
    console.error(`not so: ${what}`);
    process.exit(1);
  }
  checks += 1;
}

async function isAClip(url) {
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  return bytes.subarray(4, 8).toString() === "ftyp";
}

const endpoint = (secret) => runpodSdk(secret, { baseUrl: `${origin}/v2` }).endpoint("seedance-1-0-pro");
const one = endpoint(key);
const input = { prompt: "a paper boat", duration: 5, fps: 24, size: "864x480", image: "" };

const job = await one.run({ input });
check(job.status === "IN_QUEUE", "a job that begins");
const waited = await one.runSync({ input }, 60000);
check(waited.status === "COMPLETED" && (await isAClip(waited.output.video_url)), "a job that is waited for");
let status = await one.status(job.id);
for (let nr = 0; nr < 60 && status.status !== "COMPLETED"; nr += 1) {
  await new Promise((done) => setTimeout(done, 500));
  status = await one.status(job.id);
}
check(status.completed && (await isAClip(status.output.video_url)), "a job that ends with a clip");
const slow = await one.run({ input: { ...input, prompt: "a paper boat sandbox:slow" } });
check((await one.cancel(slow.id)).status === "CANCELLED", "a job that stops");
check((await one.status(slow.id)).status === "CANCELLED", "a job that stays stopped");
const image = { ...input, image: "https://example.com/boat.png" };
const framed = await one.runSync({ input: image }, 60000);
check(framed.status === "COMPLETED" && (await isAClip(framed.output.video_url)), "a clip from an image");
const failed = await one.runSync({ input: { ...input, prompt: "a boat sandbox:moderation" } }, 60000);
check(failed.status === "FAILED" && failed.error !== "", "a failed job");
const wrong = await one.run({ input: { ...input, size: "1280*720" } }).catch((error) => error.response);
check(wrong.status === 400, "a refused setting");
check((await one.health()).jobs.completed >= 2, "health that counts jobs");
// The client throws what its HTTP library throws.
const refused = await endpoint("wrong").run({ input }).catch((error) => error.response);
check(refused.status === 401, "a wrong key");
console.log(`${checks} checks of RunPod's JavaScript client`);
