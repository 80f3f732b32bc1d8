// JAIN-SIP as a phone: Phone ADDRESS AOR REGISTRAR USER PASSWORD STEP...   steps: register:SECONDS wait:SECONDS invite:URI subscribe:URI
import gov.nist.javax.sip.SipStackExt;
import gov.nist.javax.sip.clientauthutils.*;
import java.util.*;
import java.util.concurrent.*;
import javax.sip.*;
import javax.sip.address.*;
import javax.sip.header.*;
import javax.sip.message.*;

public class Phone implements SipListener, AccountManager, UserCredentials {
    static String[] arguments;
    SipProvider provider;
    int tries;
    SipStack stack;
    AddressFactory addresses;
    HeaderFactory headers;
    MessageFactory messages;
    AuthenticationHelper helper;
    SynchronousQueue<Integer> finals = new SynchronousQueue<>();
    Map<String, Object[]> calls = new HashMap<>();

    public UserCredentials getCredentials(ClientTransaction t, String realm) { return this; }
    public String getUserName() { return arguments[3]; }
    public String getPassword() { return arguments[4]; }
    public String getSipDomain() { return System.getProperty("domain", "pbx.example.com"); }

    Phone() throws Exception {
        SipFactory factory = SipFactory.getInstance();
        Properties p = new Properties();
        p.setProperty("javax.sip.STACK_NAME", "phone");
        p.setProperty("javax.sip.IP_ADDRESS", arguments[0]);
        p.setProperty("javax.sip.AUTOMATIC_DIALOG_SUPPORT", "on");
        stack = factory.createSipStack(p);
        addresses = factory.createAddressFactory();
        headers = factory.createHeaderFactory();
        messages = factory.createMessageFactory();
        provider = stack.createSipProvider(stack.createListeningPoint(arguments[0], 5060, System.getProperty("transport", "udp")));
        provider.addSipListener(this);
        helper = ((SipStackExt) stack).getAuthenticationHelper(this, headers);
    }

    void ask(String method, String target, int expires, String event) throws Exception {
        Object[] call = calls.get(method);
        String to = method.equals("REGISTER") ? arguments[1] : target;
        tries = 0;
        if (call == null) calls.put(method, call = new Object[] { provider.getNewCallId(), 1L, Integer.toHexString(new Random().nextInt()) });
        ArrayList<ViaHeader> vias = new ArrayList<>();
        vias.add(headers.createViaHeader(arguments[0], 5060, System.getProperty("transport", "udp"), null));
        Request r = messages.createRequest(addresses.createURI(target), method, (CallIdHeader) call[0], headers.createCSeqHeader((Long) call[1], method),
            headers.createFromHeader(addresses.createAddress(addresses.createURI(arguments[1])), (String) call[2]),
            headers.createToHeader(addresses.createAddress(addresses.createURI(to)), null), vias, headers.createMaxForwardsHeader(70));
        String user = ((SipURI) addresses.createURI(arguments[1])).getUser();
        r.addHeader(headers.createContactHeader(addresses.createAddress(addresses.createSipURI(user, arguments[0]))));
        if (expires >= 0) r.addHeader(headers.createExpiresHeader(expires));
        if (event != null) r.addHeader(headers.createEventHeader(event));
        RouteHeader route = headers.createRouteHeader(addresses.createAddress(addresses.createURI(arguments[2] + ";lr")));
        r.addHeader(route);
        if (System.getProperty("preload") != null) helper.setAuthenticationHeaders(r);
        call[1] = (Long) call[1] + 1;
        provider.getNewClientTransaction(r).sendRequest();
    }

    public void processResponse(ResponseEvent e) {
        Response r = e.getResponse();
        int code = r.getStatusCode();
        String method = ((CSeqHeader) r.getHeader("CSeq")).getMethod();
        try {
            if ((code == 401 || code == 407) && e.getClientTransaction() != null && tries++ < 2) {
                Object[] call = calls.get(method);
                call[1] = (Long) call[1] + 1;
                helper.handleChallenge(r, e.getClientTransaction(), provider, 5).sendRequest();
                return;
            }
        } catch (Exception x) { System.out.println("no answer to the challenge: " + x); }
        if (code >= 200) { System.out.println(method + " " + code); finals.offer(code); }
    }
    public void processRequest(RequestEvent e) {
        try {
            if (e.getRequest().getMethod().equals("ACK")) return;
            ServerTransaction t = e.getServerTransaction() != null ? e.getServerTransaction() : provider.getNewServerTransaction(e.getRequest());
            t.sendResponse(messages.createResponse(200, e.getRequest()));
        } catch (Exception x) { System.out.println(x); }
    }
    public void processTimeout(TimeoutEvent e) { System.out.println("timeout"); finals.offer(408); }
    public void processIOException(IOExceptionEvent e) { }
    public void processTransactionTerminated(TransactionTerminatedEvent e) { }
    public void processDialogTerminated(DialogTerminatedEvent e) { }

    public static void main(String[] a) throws Exception {
        arguments = a;
        Phone phone = new Phone();
        for (int i = 5; i < a.length; i++) {
            String[] step = a[i].split(":", 2);
            if (step[0].equals("wait")) { Thread.sleep(Long.parseLong(step[1]) * 1000); continue; }
            if (step[0].equals("register")) phone.ask("REGISTER", System.getProperty("registrar", "sip:pbx.example.com"), Integer.parseInt(step[1]), null);
            if (step[0].equals("invite")) phone.ask("INVITE", step[1], -1, null);
            if (step[0].equals("subscribe")) phone.ask("SUBSCRIBE", step[1], 120, "presence");
            phone.finals.poll(35, TimeUnit.SECONDS);
        }
        System.exit(0);
    }
}
