// Keeps the site in this browser, so that it opens without a network: a page of the guide keeps the guide,
// the playground and the workshop keep all of it. The build has listed every file with its size and checksum.

const site = new URL("./", import.meta.url);
const KEPT = site.href;
const APPLICATIONS = ["playground/", "workshop/"];

export const possible = Boolean(navigator.serviceWorker && self.caches); // on https and on localhost

// Fetches what is not kept yet, the files of the folder `own` first, and tells of {done, total} bytes.
// A file that differs from the list is refused: what is kept belongs together. Resolves when all is kept.
export async function keep(own, tell = () => {}) {
  await navigator.serviceWorker.register(new URL("offline.js", site));
  const kept = await caches.open(KEPT);
  const list = await fetch(new URL("files.json", site), { cache: "no-cache" });
  const files = wanted(own, await list.clone().json());
  const before = new Map((await kept.keys()).map((request) => [request.url, request]));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const { path, size, checksum } of files) {
    const key = new URL(`${path}?${checksum}`, site).href;
    if (!before.delete(key)) await kept.put(key, await fetched(path, checksum));
    done += size;
    tell({ done, total });
  }
  for (const [key, request] of before) if (isWanted(own, key.slice(KEPT.length))) await kept.delete(request); // of an older site
  await kept.put(list.url, list);
}

function wanted(own, files) {
  const mine = ({ path }) => own !== "" && path.startsWith(own);
  return files.filter(({ path }) => isWanted(own, path)).sort((a, b) => mine(b) - mine(a));
}

const isWanted = (own, path) => own !== "" || !APPLICATIONS.some((folder) => path.startsWith(folder));

async function fetched(path, checksum) {
  const address = new URL(path, site);
  const get = (cache) => fetch(address, { integrity: checksum, cache });
  const answer = await get("default").catch(() => get("reload")); // the browser's own cache may be older than the list
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer;
}
