/*
 * Runs in a browser, in a frame for each target: all that a page can send to a port of the machine it is looked at on, by
 * its name and its address; then, once the page's own name has become the target's address, as its own server.
 */
const { n, host, address, port, site, canary } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const PATIENCE = 5_000;
/** As text/plain a page sends any bytes: here, what would be PostgreSQL's request for TLS and a statement. */
const body = () => new Blob([`\0\0\0\x08\x04\xd2\x16\x2f${canary}\r\nselect '${canary}';\r\n`], { type: 'text/plain' });
const ask = (url, more) =>
  fetch(url, { mode: 'no-cors', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE), ...more });
const after = (ms) => new Promise((next) => setTimeout(next, ms));

/** Of an element that loads something. */
function element(name, set) {
  return new Promise((done) => {
    const one = Object.assign(document.createElement(name), { onload: done, onerror: done });
    set(one);
    document.body.append(one);
    setTimeout(done, PATIENCE);
  });
}

function form(action, enctype) {
  return element('iframe', (frame) => {
    frame.name = `f${Math.random()}`;
    const sent = Object.assign(document.createElement('form'), { action, enctype, method: 'post', target: frame.name });
    sent.append(Object.assign(document.createElement('input'), { name: canary, value: canary }));
    document.body.append(sent);
    setTimeout(() => sent.submit());
  });
}

function socket(url) {
  return new Promise((done) => {
    const one = Object.assign(new WebSocket(url, canary), { onclose: done, onopen: () => one.send(canary) });
    setTimeout(() => done(one.close()), PATIENCE);
  });
}

/** STUN over TCP is the only thing that a page sends which is not text. */
async function turn(where) {
  const urls = `turn:${where}?transport=tcp`;
  const peer = new RTCPeerConnection({ iceServers: [{ urls, username: canary, credential: canary }] });
  peer.createDataChannel(canary);
  await peer.setLocalDescription(await peer.createOffer());
  await after(PATIENCE / 2);
  peer.close();
}

/** A connectivity check over TCP says a name that the page made up (RFC 6544, RFC 8445 §7.1.1). */
async function check(host, port) {
  const peer = new RTCPeerConnection();
  peer.createDataChannel(canary);
  const { type, sdp } = await peer.createOffer();
  await peer.setLocalDescription({ type, sdp });
  const answer = sdp.replace(/ice-ufrag:.*/, `ice-ufrag:${canary}`).replace('setup:actpass', 'setup:active');
  await peer.setRemoteDescription({ type: 'answer', sdp: answer });
  const candidate = `candidate:1 1 tcp 2105524479 ${host} ${port} typ host tcptype passive`;
  await peer.addIceCandidate({ candidate, sdpMLineIndex: 0 });
  await after(PATIENCE / 2);
  peer.close();
}

/** A page need not tell who it is. */
const quietly = { referrerPolicy: 'no-referrer' };

const across = (where) => [
  () => ask(`http://${where}/${canary}`, quietly),
  () => element('img', (one) => Object.assign(one, quietly, { src: `http://${where}/${canary}.gif` })),
  () => element('iframe', (one) => Object.assign(one, quietly, { src: `http://${where}/${canary}.htm` })),
  () => check(address, port),
  () => ask(`http://${where}/${canary}`),
  () => ask(`http://${where}/${canary}`, { method: 'POST', body: body(), credentials: 'include' }),
  () => ask(`http://${where}/v1/stop`, { method: 'POST', body: body(), keepalive: true }),
  () => ask(`https://${where}/${canary}`),
  () => navigator.sendBeacon(`http://${where}/${canary}`, body()),
  () => element('img', (one) => Object.assign(one, { src: `http://${where}/${canary}.png` })),
  () => element('script', (one) => Object.assign(one, { src: `http://${where}/${canary}.js` })),
  () => element('iframe', (one) => Object.assign(one, { src: `http://${where}/${canary}.html` })),
  () => form(`http://${where}/`, 'text/plain'),
  () => form(`http://${where}/`, 'multipart/form-data'),
  () => socket(`ws://${where}/${canary}`),
  () => socket(`wss://${where}/${canary}`),
  () => turn(where),
];

const own = () => [
  () => ask(`/${canary}`, { mode: 'same-origin' }),
  () => ask('/v1/status', { mode: 'same-origin' }),
  () => ask('/v1/stop', { mode: 'same-origin', method: 'POST', body: body() }),
  () => ask('/callback?code=x&state=x', { mode: 'same-origin' }),
  () => ask(`/${canary}`, { mode: 'same-origin', method: 'PUT', body: body(), headers: { 'X-Canary': canary } }),
  () => ask(`/${canary}`, { mode: 'same-origin', method: 'DELETE' }),
  () => socket(`ws://${location.host}/${canary}`),
];

/** True once the page's own server is another one, which does not answer as the page's did. */
async function isRebound() {
  for (const until = Date.now() + 100_000; Date.now() < until; await after(500)) {
    const answer = await ask('/mine', { mode: 'same-origin' }).catch(() => undefined);
    if (answer === undefined || (await answer.text().catch(() => '')) !== 'mine') return true;
  }
  return false;
}

/** What is refused is what is hoped for. */
const all = (tries) => Promise.all(tries.map(async (each) => each()).map((one) => one.catch(() => {})));

for (const where of new Set([`${host}:${port}`, `${address}:${port}`])) await all(across(where));
const rebound = await isRebound();
await all(own());
await fetch(`${site}/done?${new URLSearchParams({ n, rebound })}`, { mode: 'no-cors' });
