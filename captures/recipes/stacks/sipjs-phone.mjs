// SIP.js as a phone over UDP: node sipjs-phone.mjs ADDRESS AOR REGISTRAR USER PASSWORD STEP...   steps: register:SECONDS wait:SECONDS unregister:
import dgram from 'node:dgram';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const { UserAgent, Registerer, RegistererState } = require('sip.js');
const [, , address, aor, registrar, user, password, ...steps] = process.argv;
const [, rhost, rport = '5060'] = registrar.match(/sip:(?:[^@]*@)?([^:;]+)(?::(\d+))?/);

class Udp {
  constructor() { this.protocol = 'UDP'; this.state = 'Disconnected'; this.listeners = []; this.stateChange = { addListener: (l) => this.listeners.push(l), removeListener() {} }; }
  set(s) { this.state = s; for (const l of this.listeners) l(s); }
  isConnected() { return this.state === 'Connected'; }
  connect() {
    return new Promise((ok) => {
      this.socket = dgram.createSocket('udp4');
      this.socket.on('message', (m) => this.onMessage && this.onMessage(String(m)));
      this.socket.bind(5060, address, () => { this.set('Connected'); if (this.onConnect) this.onConnect(); ok(); });
    });
  }
  disconnect() { this.set('Disconnected'); this.socket.close(); return Promise.resolve(); }
  dispose() { return this.isConnected() ? this.disconnect() : Promise.resolve(); }
  send(m) { return new Promise((ok) => this.socket.send(m, Number(rport), process.env.PROXY || rhost, () => ok())); }
}
const ua = new UserAgent({
  uri: UserAgent.makeURI(aor), transportConstructor: Udp, authorizationUsername: user, authorizationPassword: password,
  viaHost: address, contactName: UserAgent.makeURI(aor).user, forceRport: true, hackIpInContact: address, logBuiltinEnabled: false, userAgentString: 'SIP.js/0.21.2',
  contactParams: { transport: 'udp' },
});
await ua.start();
let registerer;
for (const s of steps) {
  const [what, arg] = s.split(':');
  if (what === 'wait') await new Promise((ok) => setTimeout(ok, arg * 1000));
  else if (what === 'unregister') await registerer.unregister();
  else {
    registerer ||= new Registerer(ua, { expires: Number(arg), refreshFrequency: 50, registrar: UserAgent.makeURI(registrar) });
    await registerer.register({ requestDelegate: { onAccept: (r) => console.log('accepted', r.message.statusCode), onReject: (r) => console.log('rejected', r.message.statusCode) } });
  }
}
process.exit(0);
