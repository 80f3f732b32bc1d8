#!/usr/bin/perl
# Net::SIP as a registrar with a proxy behind it: netsip-registrar.pl ADDRESS REALM 'user=password,...' [FILTER,...]
use strict;
use warnings;
use Net::SIP;
my ($addr, $realm, $users, $filter) = @ARGV;
my %pass = map { split /=/, $_, 2 } split /,/, $users;
my $ua = Net::SIP::Simple->new(leg => $addr);
my $auth = $ua->create_auth(realm => $realm, opaque => 'perl', user2pass => \%pass,
    ($filter ? (filter => { REGISTER => [[split /,/, $filter]] }) : ()));
my $reg = $ua->create_registrar(domain => $realm, min_expires => 30, max_expires => 3600);
$ua->create_chain([$auth, $reg, $ua->create_stateless_proxy]);
$ua->loop;
