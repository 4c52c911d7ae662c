/// RWKV language models: [dev.gatun.nn.rwkv.Rwkv] over sequences, [dev.gatun.nn.rwkv.RwkvStream]
/// token by token.
package dev.gatun.nn.rwkv;
