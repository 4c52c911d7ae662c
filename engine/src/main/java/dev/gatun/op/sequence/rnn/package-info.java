/// Recurrent layers over a whole sequence: Elman, GRU and LSTM cells, one direction and one layer
/// at a time, and [dev.gatun.op.sequence.rnn.Recurrent], which puts directions together.
package dev.gatun.op.sequence.rnn;
