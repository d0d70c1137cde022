# A router as it would be for the init script, which is sourced after this: what is called is printed. The configuration
# of OpenWrt reads as shell, so that it is its own parser here.
# shellcheck shell=sh disable=SC2034,SC3043

config() { section="$2"; }
option() { eval "CONFIG_${section}_$1=\"\$2\""; }
list() { eval "CONFIG_${section}_$1=\"\${CONFIG_${section}_$1:+\$CONFIG_${section}_$1 }\$2\""; }

# shellcheck source=/dev/null
config_load() { . "$FOLDER/config"; }
config_get() { eval "$1=\"\${CONFIG_$2_$3:-\$4}\""; }
config_get_bool() {
	local _value
	config_get _value "$2" "$3" "$4"
	case "$_value" in 1 | on | true | yes | enabled) eval "$1=1" ;; *) eval "$1=0" ;; esac
}
config_list_foreach() {
	local _values _member
	config_get _values "$1" "$2"
	for _member in $_values; do "$3" "$_member"; done
}

called() { echo "$*"; }
procd_open_instance() { called procd_open_instance "$@"; }
procd_set_param() { called procd_set_param "$@"; }
procd_close_instance() { called procd_close_instance "$@"; }
procd_add_reload_trigger() { called procd_add_reload_trigger "$@"; }
mount() { called mount "$@"; }
logger() { called logger "$@"; }
stop() { called stop; }
# What a router waits for happens meanwhile, if the test has something that happens.
sleep() {
	called sleep "$@"
	[ -z "$MEANWHILE" ] || eval "$MEANWHILE"
}
pidof() { [ "$RUNNING" = "$1" ]; }
firewall() { called firewall "$@"; }
program() {
	called stairgate "$@"
	case "$3 $2" in
	check*.new) return "$CHECK" ;;
	check*) return "$CHECK_OLD" ;;
	detach*) return "$DETACH" ;;
	esac
}
uci() {
	[ "$1" != -q ] || shift
	case "$1 $2" in
	"get firewall.@defaults[0].flow_offloading_hw") echo "$OFFLOAD" ;;
	"get stairgate.main.offload_held") echo "$HELD" ;;
	"get dhcp.@dnsmasq[0].port") echo "$DNSMASQ_PORT" ;;
	"get dhcp.@dnsmasq[0].domain") echo "$DOMAIN" ;;
	"get dhcp.@dnsmasq[0].local") echo "$LOCAL" ;;
	"get dhcp.@dnsmasq[0].boguspriv") echo "$BOGUSPRIV" ;;
	*) called uci "$@" ;;
	esac
}
