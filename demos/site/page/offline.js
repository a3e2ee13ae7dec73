// The service worker of the whole site: where the server is silent, what keep.js has kept answers.
// Asked first is the server, so that a newer site is seen at once.

const KEPT = self.registration.scope;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(KEPT)) event.respondWith(answer(event.request));
});

async function answer(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const address = new URL(request.url);
    if (address.pathname.endsWith("/")) address.pathname += "index.html";
    const old = await caches.open(KEPT).then((kept) => kept.match(address, { ignoreSearch: true }));
    if (old) return old;
    throw error;
  }
}
