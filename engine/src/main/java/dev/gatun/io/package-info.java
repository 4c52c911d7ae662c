/// File formats; every length in a file is checked before it is used.
package dev.gatun.io;
