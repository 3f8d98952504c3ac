package fleet

import (
	"slices"
	"time"
)

// Templates are the built-in ones. What they install from the network is pinned where a
// parameter does not say otherwise; hello needs no network at all.
var Templates = []Template{
	{
		Name: "hello", BuiltIn: true, Verified: true,
		TemplateSpec: TemplateSpec{
			Title:       "Hello",
			Description: "Writes a greeting to /etc/motd and counts the starts of the server in /var/lib/hello/starts. It needs no network: for trying templates out.",
			Parameters: []TemplateParameter{
				{Name: "greeting", Description: "One line, at most 200 characters", Default: "Hello from Kelvin", Pattern: `[^\r\n]{1,200}`},
			},
			Steps: []TemplateStep{
				{Name: "greet", Command: `set -e
mkdir -p /etc /var/lib/hello
printf '%s\n' "$PARAM_GREETING" >/etc/motd
echo "wrote /etc/motd"`},
			},
			Services: []TemplateService{
				{Name: "count", Command: `date -u >>/var/lib/hello/starts`},
			},
		},
	},
	{
		Name: "ssh", BuiltIn: true,
		TemplateSpec: TemplateSpec{
			Title:       "SSH server",
			Description: "Lets the owners of the public keys in as root, on port 22, by key only. Uses the image's dropbear or sshd; otherwise installs one with apt, apk or dnf. The host key is made on the server and stays the same until a reset.",
			Parameters: []TemplateParameter{
				{
					Name: "keys", Description: "Public keys, one a line, as in id_ed25519.pub", Required: true,
					Pattern: `(?:\s*(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]{16,}={0,3}(?: [^\r\n]*)?\r?(?:\n|$))+\s*`,
				},
			},
			Ports: []int{22},
			Steps: []TemplateStep{
				{Name: "install", Timeout: Duration(30 * time.Minute), Command: `set -e
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive
# OpenSSH built with libaudit, as Debian's is, hangs up when it cannot report a terminal to the
# host's audit log, which a container may not. Then dropbear is the better choice.
sshd=$(command -v sshd || true)
audits=no
if [ -n "$sshd" ] && grep -q libaudit "$sshd"; then audits=yes; fi
if command -v dropbear >/dev/null; then
	echo "the image has dropbear"
elif [ -n "$sshd" ] && [ $audits = no ]; then
	echo "the image has sshd"
elif command -v apt-get >/dev/null && apt-get update && apt-get install -y --no-install-recommends dropbear-bin openssh-sftp-server; then
	echo "installed dropbear"
elif command -v apk >/dev/null && apk add --no-cache openssh-server openssh-sftp-server; then
	echo "installed sshd"
elif command -v dnf >/dev/null && { dnf install -y dropbear || [ -n "$sshd" ] || dnf install -y openssh-server; }; then
	echo "installed what dnf has"
elif [ -n "$sshd" ]; then
	echo "the image has an sshd that audits: it runs commands, but has no terminals"
else
	echo "the image has neither dropbear nor sshd, and apt, apk or dnf could not install one"; exit 1
fi`},
				{Name: "keys", Command: `set -e
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
umask 077
mkdir -p /var/lib/kelvin/ssh /root/.ssh
chmod 700 /root/.ssh
# The keys of this template are a block of their own: those that people add stay.
begin='# kelvin: keys of template ssh, do not edit' end='# kelvin: end'
old=/root/.ssh/authorized_keys new=/root/.ssh/authorized_keys.kelvin
{
	if [ -f "$old" ]; then sed "/^$begin/,/^$end/d" "$old"; fi
	printf '%s\n%s\n%s\n' "$begin" "$PARAM_KEYS" "$end"
} | tr -d '\r' >"$new"
mv "$new" "$old"
key=/var/lib/kelvin/ssh/host_key
if command -v dropbear >/dev/null; then
	[ -f "$key.dropbear" ] || dropbearkey -t ed25519 -f "$key.dropbear" >/dev/null
	dropbearkey -y -f "$key.dropbear"
	exit 0
fi
# sshd takes an account whose password begins with ! for locked.
if grep -q '^root:!' /etc/shadow; then sed -i 's/^root:!*/root:*/' /etc/shadow; fi
[ -f "$key" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$key"
cat >/var/lib/kelvin/ssh/sshd_config <<-END
	Port 22
	HostKey $key
	PermitRootLogin prohibit-password
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	UsePAM no
	PidFile none
	AcceptEnv LANG LC_*
	Subsystem sftp internal-sftp
END
ssh-keygen -l -f "$key"`},
			},
			Services: []TemplateService{
				{Name: "sshd", Command: `export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
if command -v dropbear >/dev/null; then
	exec dropbear -F -E -s -p 22 -r /var/lib/kelvin/ssh/host_key.dropbear
fi
mkdir -p /run/sshd
exec "$(command -v sshd)" -D -e -f /var/lib/kelvin/ssh/sshd_config`},
			},
		},
	},
	{
		Name: "jupyter", BuiltIn: true,
		TemplateSpec: TemplateSpec{
			Title:       "JupyterLab",
			Description: "Notebooks and terminals in the browser, on port 8888, behind a token. Uses the image's jupyter-lab; otherwise installs it from PyPI into /opt/jupyter, where the image's own Python packages are seen, too. Files are in the server's own disk if it has one, otherwise in /root.",
			Parameters: []TemplateParameter{
				{Name: "token", Description: "What lets a browser in: at least 8 letters, digits, - and _", Required: true, Secret: true, Pattern: `[A-Za-z0-9_-]{8,256}`},
				{Name: "version", Description: "Of JupyterLab on PyPI", Default: "4.6.6", Pattern: `[0-9]+(\.[0-9a-z]+){0,3}`},
			},
			Ports: []int{8888},
			Steps: []TemplateStep{
				{Name: "python", Timeout: Duration(30 * time.Minute), Command: `set -e
if command -v jupyter-lab >/dev/null; then echo "the image has JupyterLab"; exit 0; fi
if command -v python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null; then exit 0; fi
if command -v apt-get >/dev/null; then
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv
elif command -v apk >/dev/null; then
	apk add --no-cache python3 py3-pip
elif command -v dnf >/dev/null; then
	dnf install -y python3 python3-pip
else
	echo "the image has no Python with venv, nor apt, apk or dnf to install it"; exit 1
fi`},
				{Name: "install", Timeout: Duration(45 * time.Minute), Command: `set -e
if command -v jupyter-lab >/dev/null; then exit 0; fi
python3 -m venv --system-site-packages /opt/jupyter
/opt/jupyter/bin/pip install --no-cache-dir "jupyterlab==$PARAM_VERSION"`},
			},
			Services: []TemplateService{
				{Name: "jupyter", Command: `lab=$(command -v jupyter-lab || echo /opt/jupyter/bin/jupyter-lab)
cd "${KELVIN_DATA:-/root}"
export JUPYTER_TOKEN="$PARAM_TOKEN"
exec "$lab" --ip=0.0.0.0 --port=8888 --no-browser --allow-root`},
			},
		},
	},
	{
		Name: "vllm", BuiltIn: true,
		TemplateSpec: TemplateSpec{
			Title:       "vLLM",
			Description: "Serves a language model with the OpenAI API, on port 8000. Installs vLLM from PyPI into /opt/vllm; it needs a GPU and an image with Python 3.10 or newer. The model is fetched from Hugging Face when the service starts, which can take long after the server is ready: /health says when it answers.",
			Parameters: []TemplateParameter{
				{Name: "model", Description: "Name on Hugging Face, such as Qwen/Qwen2.5-7B-Instruct", Default: "Qwen/Qwen2.5-7B-Instruct", Pattern: `[A-Za-z0-9][A-Za-z0-9._/-]{0,199}`},
				{Name: "hf-token", Description: "Token of Hugging Face, for models that are gated there", Secret: true, Pattern: `[A-Za-z0-9_-]+`},
				{Name: "api-key", Description: "What clients must send as their bearer token. Without it anybody who reaches the port is served", Secret: true, Pattern: `[!-~]{8,256}`},
				{Name: "version", Description: "Of vLLM on PyPI", Default: "0.33.0", Pattern: `[0-9]+(\.[0-9a-z]+){0,3}`},
			},
			Ports: []int{8000},
			Steps: []TemplateStep{
				{Name: "python", Timeout: Duration(30 * time.Minute), Command: `set -e
if command -v python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null; then exit 0; fi
if command -v apt-get >/dev/null; then
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv python3-dev gcc
else
	echo "the image has no Python with venv, nor apt to install it"; exit 1
fi`},
				{Name: "install", Timeout: MaxStepTimeout, Command: `set -e
python3 -m venv /opt/vllm
/opt/vllm/bin/pip install --no-cache-dir "vllm==$PARAM_VERSION"`},
			},
			Services: []TemplateService{
				{Name: "vllm", Command: `cd "${KELVIN_DATA:-/root}"
[ -z "$PARAM_HF_TOKEN" ] || export HF_TOKEN="$PARAM_HF_TOKEN"
[ -z "$PARAM_API_KEY" ] || export VLLM_API_KEY="$PARAM_API_KEY"
export HF_HOME="${KELVIN_DATA:-/root/.cache}/huggingface"
exec /opt/vllm/bin/vllm serve "$PARAM_MODEL" --host 0.0.0.0 --port 8000 --tensor-parallel-size "$KELVIN_GPU_COUNT"`},
			},
		},
	},
}

// FindTemplate returns the built-in template of that name, with its defaults.
func FindTemplate(name string) (Template, bool) {
	i := slices.IndexFunc(Templates, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	t := Templates[i]
	t.TemplateSpec = t.Defaults()
	return t, true
}
