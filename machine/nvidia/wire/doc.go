// Package wire is what `kelvin-gpu test` and `kelvin-gpu scrub` say to the program that
// started them, as JSON lines on file descriptor 3: who they are, how much memory they got, how
// far they are, what they found. The agent's side takes nothing for granted: Parse refuses
// what is too long or makes no sense, and Reader ends a child that talks too much.
package wire
