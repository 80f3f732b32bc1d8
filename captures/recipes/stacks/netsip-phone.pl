#!/usr/bin/perl
# Net::SIP as a phone: netsip-phone.pl FROM REGISTRAR 'realm user password|...' STEP...
# steps: register SECONDS, unregister, invite URI, sleep SECONDS
use strict;
use warnings;
use Net::SIP;

my ($from, $registrar, $auths, @steps) = @ARGV;
my @a = map { [split] } split /\|/, $auths;
my $auth = @a == 1 && $a[0][0] eq '*' ? [@{$a[0]}[1, 2]] : { map { $_->[0] => [$_->[1], $_->[2]] } @a };
my $ua = Net::SIP::Simple->new(from => $from, registrar => $registrar, outgoing_proxy => $registrar, auth => $auth);
while (@steps) {
    my $step = shift @steps;
    if ($step eq 'sleep') { my $done; $ua->add_timer(shift @steps, sub { $done = 1 }); $ua->loop(\$done); }
    elsif ($step eq 'register') { my $r = $ua->register(expires => shift @steps); print "register: ", $r // $ua->error, "\n"; }
    elsif ($step eq 'unregister') { $ua->register(expires => 0); }
    elsif ($step eq 'invite') {
        my $final;
        my $call = $ua->invite(shift @steps, cb_final => sub { $final = $_[0] });
        $ua->loop(10, \$final);
        print "invite: ", $final // '?', " ", $ua->error // '', "\n";
        $call->bye if $final && $final eq 'OK';
    }
}
