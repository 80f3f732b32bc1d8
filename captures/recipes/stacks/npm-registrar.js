// The npm package sip as a registrar, after its example registrar-redirector-auth: node npm-registrar.js ADDRESS REALM USER=PASSWORD,... [PROVES]
const sip = require('sip');
const digest = require('sip/digest');
const [, , address, realm, users, proves] = process.argv;
const registry = Object.fromEntries(users.split(',').map((u) => [u.split('=')[0], { password: u.split('=')[1] }]));

sip.start({ address, publicAddress: address, tcp: false }, (rq) => {
  if (rq.method === 'ACK') return;
  if (rq.method === 'OPTIONS') { sip.send(sip.makeResponse(rq, 200, 'OK')); return; }
  const name = sip.parseUri((rq.method === 'REGISTER' ? rq.headers.to : rq.headers.from).uri).user;
  const user = registry[name];
  if (!user) {
    sip.send(digest.challenge({ realm }, sip.makeResponse(rq, 401, 'Authentication Required')));
    return;
  }
  user.session = user.session || { realm };
  if (!digest.authenticateRequest(user.session, rq, { user: name, password: user.password })) {
    user.session = { realm };
    sip.send(digest.challenge(user.session, sip.makeResponse(rq, 401, 'Authentication Required')));
    return;
  }
  const rs = sip.makeResponse(rq, rq.method === 'REGISTER' ? 200 : 486, rq.method === 'REGISTER' ? 'OK' : 'Busy Here');
  if (rq.method === 'REGISTER') { rs.headers.contact = rq.headers.contact; rs.headers.expires = rq.headers.expires; }
  if (proves) digest.signResponse(user.session, rs);
  sip.send(rs);
});
