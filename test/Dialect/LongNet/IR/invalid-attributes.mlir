// RUN: longnet-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{expects 'segment' and 'dilation'}}
#branch = #longnet.branch<segment = 8>

// -----

// expected-error @below {{expects 'segment' and 'dilation'}}
#branch = #longnet.branch<dilation = 8>

// -----

// expected-error @below {{repeated branch parameter 'segment'}}
#branch = #longnet.branch<segment = 8, segment = 8, dilation = 1>

// -----

// expected-error @below {{unknown branch parameter 'stride'}}
#branch = #longnet.branch<segment = 8, stride = 1>

// -----

// expected-error @below {{unknown head offset 'random'}}
#branch = #longnet.branch<segment = 8, dilation = 2, heads = random>

// -----

// expected-error @below {{unknown padding 'zero'}}
#branch = #longnet.branch<segment = 8, dilation = 2, padding = zero>

// -----

// expected-error @below {{segment must lie in [1, 2^48], got 0}}
#branch = #longnet.branch<segment = 0, dilation = 1>

// -----

// expected-error @below {{segment must lie in [1, 2^48], got 281474976710657}}
#branch = #longnet.branch<segment = 281474976710657, dilation = 1>

// -----

// expected-error @below {{dilation must lie in [1, 2^48], got -1}}
#branch = #longnet.branch<segment = 8, dilation = -1>

// -----

// expected-error @below {{expects a list of phases exactly where heads are listed}}
#branch = #longnet.branch<segment = 8, dilation = 2, heads = listed>

// -----

// expected-error @below {{expected integer value}}
#branch = #longnet.branch<segment = 8, dilation = 2, heads = []>

// -----

// expected-error @below {{phase 2 is outside [0, 2)}}
#branch = #longnet.branch<segment = 8, dilation = 2, heads = [0, 2]>

// -----

// expected-error @below {{phase -1 is outside [0, 2)}}
#branch = #longnet.branch<segment = 8, dilation = 2, heads = [-1]>

// -----

// expected-error @below {{padding = torchscale needs heads = blocked}}
#branch = #longnet.branch<segment = 8, dilation = 2, padding = torchscale>
