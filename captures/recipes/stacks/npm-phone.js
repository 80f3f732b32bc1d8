// The npm package sip as a phone: node npm-phone.js ADDRESS AOR REGISTRAR USER PASSWORD STEP...   steps: register:SECONDS wait:SECONDS invite:URI
const sip = require('sip');
const digest = require('sip/digest');
const [, , address, aor, registrar, user, password, ...steps] = process.argv;
const tag = Math.random().toString(36).slice(2);
const contact = [{ uri: `sip:${sip.parseUri(aor).user}@${address}` }];
let seq = 1, session = {};
sip.start({ address, publicAddress: address, tcp: false }, (rq) => sip.send(sip.makeResponse(rq, 200, 'OK')));

function request(method, uri, to, extra, id) {
  return { method, uri, headers: { to: { uri: to }, from: { uri: aor, params: { tag } }, 'call-id': id, cseq: { method, seq: seq++ }, contact, via: [], ...extra } };
}
function ask(method, uri, to, extra, id, next, last) {
  const rq = request(method, uri, to, extra, id);
  if (session.nonce) digest.signRequest(session, rq);
  sip.send(rq, (rs) => {
    if (rs.status < 200) return;
    if (rs.status >= 300 && method === 'INVITE')
      sip.send({ method: 'ACK', uri, headers: { to: rs.headers.to, from: rs.headers.from, 'call-id': id, cseq: { method: 'ACK', seq: rq.headers.cseq.seq }, via: [{ ...rq.headers.via[0] }] } });
    if ((rs.status === 401 || rs.status === 407) && !last) {
      const again = request(method, uri, to, extra, id);
      session = {};
      digest.signRequest(session, again, rs, { user, password });
      if (!session.qop) { again.headers.via = []; }
      sip.send(again, (r) => { if (r.status < 200) return;
        if (r.status >= 300 && method === 'INVITE')
          sip.send({ method: 'ACK', uri, headers: { to: r.headers.to, from: r.headers.from, 'call-id': id, cseq: { method: 'ACK', seq: again.headers.cseq.seq }, via: [{ ...again.headers.via[0] }] } });
        console.log(method, r.status, r.reason); if (!session.qop) session = {}; next(); });
      return;
    }
    console.log(method, rs.status, rs.reason); next();
  });
}
const id = `${Math.random().toString(36).slice(2)}@${address}`;
(function step() {
  const [what, arg, ...rest] = (steps.shift() || 'end:').split(':');
  if (what === 'end') { setTimeout(() => process.exit(0), 500); return; }
  if (what === 'wait') setTimeout(step, arg * 1000);
  if (what === 'register') ask('REGISTER', registrar, aor, { expires: arg }, id, step);
  if (what === 'invite') { const u = [arg, ...rest].join(':'); ask('INVITE', u, u, {}, `c${id}`, step); }
})();
