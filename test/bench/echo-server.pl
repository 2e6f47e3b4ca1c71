# The stdio server that the bench stands behind the bridges: it starts and answers at next to no cost, so
# that what is measured is what stands before it. Tools: `echo`, and `big` for as many bytes as asked for.
use strict;
use warnings;
$| = 1;

while (my $line = <STDIN>) {
  my ($id) = $line =~ /"id":(\d+|"[^"]*")/ or next;
  my $result = '{}';
  if ($line =~ /"method":"initialize"/) {
    my ($version) = $line =~ /"protocolVersion":"([^"]*)"/;
    my $server = '"serverInfo":{"name":"echo","version":"1"}';
    $result = qq({"protocolVersion":"$version","capabilities":{"tools":{}},$server});
  } elsif ($line =~ /"method":"tools\/list"/) {
    $result = '{"tools":[]}';
  } elsif (my ($tool) = $line =~ /"name":"(echo|big)"/) {
    my ($bytes) = $line =~ /"bytes":(\d+)/;
    my ($text) = $line =~ /"text":"([^"]*)"/;
    my $said = $tool eq 'big' ? 'x' x $bytes : $text;
    $result = qq({"content":[{"type":"text","text":"$said"}]});
  }
  print qq({"jsonrpc":"2.0","id":$id,"result":$result}\n);
}
