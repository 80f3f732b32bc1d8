// JsSIP in Node: registers, calls 600, leaves. usage: node client.js URL
const JsSIP = require('jssip');
const WebSocket = require('ws');

// what JsSIP expects of a socket, on top of the package ws
class Socket {
  constructor(url) { this.url = url; this.sip_uri = 'sip:192.0.2.10;transport=ws'; this.via_transport = new URL(url).protocol.slice(0, -1).toUpperCase(); }
  connect() {
    this.ws = new WebSocket(this.url, 'sip', { rejectUnauthorized: false });
    this.ws.on('open', () => this.onconnect());
    this.ws.on('close', (code, reason) => this.ondisconnect(code !== 1000, code, String(reason)));
    this.ws.on('message', (data) => this.ondata(String(data)));
    this.ws.on('error', () => {});
  }
  disconnect() { if (this.ws) this.ws.close(); }
  send(message) { this.ws.send(message); return true; }
  isConnected() { return this.ws && this.ws.readyState === WebSocket.OPEN; }
  isConnecting() { return this.ws && this.ws.readyState === WebSocket.CONNECTING; }
}

const ua = new JsSIP.UA({
  sockets: [new Socket(process.argv[2])],
  uri: 'sip:web@example.org',
  password: 'web-secret',
  register_expires: 120,
});
const done = () => { ua.stop(); setTimeout(() => process.exit(0), 1000); };
ua.once('registered', () => setTimeout(call, 300));
ua.on('registrationFailed', (e) => { console.log(e.cause); process.exit(1); });
ua.start();

// Node has no WebRTC, so the peer connection is a stand-in that only supplies an SDP.
function call() {
  const sdp = ['v=0', 'o=- 1 1 IN IP4 192.0.2.20', 's=-', 'c=IN IP4 192.0.2.20', 't=0 0',
    'm=audio 4000 RTP/AVP 0', 'a=sendrecv', ''].join('\r\n');
  global.RTCPeerConnection = class {
    constructor() { this.signalingState = 'stable'; this.iceGatheringState = 'complete'; this.iceConnectionState = 'new'; }
    addEventListener() {} removeEventListener() {} addTrack() {} getSenders() { return []; }
    createOffer() { return Promise.resolve({ type: 'offer', sdp }); }
    setLocalDescription(d) { this.localDescription = d; return Promise.resolve(); }
    setRemoteDescription() { return Promise.resolve(); }
    close() {}
  };
  global.window = global;
  const stream = { getTracks: () => [], getAudioTracks: () => [], getVideoTracks: () => [] };
  ua.call('sip:600@example.org', { mediaStream: stream, eventHandlers: { failed: (e) => { console.log(e.cause); setTimeout(done, 300); } } });
}
