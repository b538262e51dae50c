# Prints what nvidia-smi was asked for from one tab-separated line per GPU (in the order that nvidia-smi's gpus() writes).

BEGIN {
    split("index name uuid serial count pci.bus_id pci.device_id pci.sub_device_id pci.domain pci.bus pci.device driver_version " \
        "compute_cap vbios_version persistence_mode mig.mode.current mig.mode.pending ecc.mode.current ecc.mode.pending compute_mode " \
        "memory.total memory.used memory.free memory.reserved power.limit power.max_limit power.draw clocks.max.sm pstate " \
        "addressing_mode temperature.gpu utilization.gpu pcie.link.gen.current pcie.link.gen.max pcie.link.width.current " \
        "pcie.link.width.max fabric.state fabric.status gpu_name gpu_bus_id gpu_uuid display_active " \
        "ecc.errors.uncorrected.volatile.total ecc.errors.uncorrected.aggregate.total retired_pages.pending", known, " ")
    for (i in known) valid[known[i]] = 1
    if (mode == "fields") {
        for (i = 1; i in known; i++) printf "\"%s\"\n", known[i]
        exit
    }
    wanted = split(ENVIRON["NAMES"], field, /, */)
    if (mode == "csv") for (i = 1; i <= wanted; i++) if (!(field[i] in valid)) {
        printf "Field \"%s\" is not a valid field to query.\n\n", field[i]
        failed = 2
        exit
    }
    processes = ENVIRON["PROCESSES"] == "" ? 0 : split(ENVIRON["PROCESSES"], process, "\n")
}

{
    rows++
    for (i = 1; i <= NF; i++) row[rows, i] = $i
}

END {
    if (failed) exit failed
    if (mode == "xml") xml()
    else if (mode == "list") for (n = 1; n <= rows; n++) printf "GPU %s: %s (UUID: %s)\n", row[n, 11], row[n, 2], row[n, 6]
    else if (mode == "csv") csv()
    else if (mode == "processes") apps()
    else if (mode == "table" || mode == "query") table()
}

# The values of one GPU by the names of the places in the skeleton.
function load(n,    bus, used, i, part) {
    split("", v)
    bus = row[n, 1]
    v["BUS"] = bus; v["BUS_ID"] = "0000" toupper(bus)
    v["NAME"] = row[n, 2]; v["MEMORY"] = row[n, 3]; v["ARCHITECTURE"] = row[n, 4]; v["CAPABILITY"] = row[n, 5]
    v["UUID"] = row[n, 6]; v["GENERATION_NAME"] = row[n, 7]; v["POWER"] = row[n, 8] ".00"; v["GENERATION"] = row[n, 9]
    v["POWER_MIN"] = int(row[n, 8] / 2) ".00"; v["DRAW"] = "20.00"; v["CLOCK"] = 1500
    v["INDEX"] = row[n, 11]; v["DEVICE_ID"] = toupper(row[n, 12])
    v["SUBSYSTEM_ID"] = toupper(row[n, 13] == "" ? "0000" : row[n, 13]) toupper(row[n, 14] == "" ? "10de" : row[n, 14])
    v["WIDTH"] = row[n, 15]; v["WIDTH_MAX"] = row[n, 16]; v["PERSISTENCE"] = row[n, 17]
    v["SUBCLASS"] = substr(row[n, 18], 1, 4) == "0302" ? 2 : 0
    v["BRAND"] = v["NAME"] ~ /GeForce/ ? "GeForce" : v["NAME"] ~ /Quadro/ ? "Quadro" : "NVIDIA"
    split(bus, part, /[:.]/)
    v["PCI_DOMAIN"] = part[1]; v["PCI_BUS"] = toupper(part[2]); v["PCI_DEVICE"] = toupper(part[3]); v["BOARD"] = part[2] "00"
    v["PDI"] = "0000000000000001"; v["SERIAL"] = v["GENERATION_NAME"] == "plain" ? "N/A" : 1650000000001 + n - 1
    v["GSP"] = v["CAPABILITY"] + 0 >= 7.5 ? driver : "N/A"
    v["FABRIC"] = row[n, 10] != "yes" || fabric == "none" ? "N/A" : fabric == "yes" ? "Completed" : "Not Started"
    v["FABRIC_STATUS"] = v["FABRIC"] == "Completed" ? "Success" : "N/A"
    v["PROCESSES"] = tasks(n)
    v["USED"] = busy + 0; v["RESERVED"] = 448; v["FREE"] = v["MEMORY"] - v["RESERVED"] - busy
    v["ECC"] = v["GENERATION_NAME"] == "plain" ? "N/A" : "Enabled"
}

# The processes of one GPU as XML, and their memory in `busy`; a process without a bus id is on the first GPU.
function tasks(n,    i, item, found, indent) {
    busy = 0
    indent = "\n\t\t\t\t"
    for (i = 1; i <= processes; i++) {
        split(process[i], item, "\t")
        if (item[2] != row[n, 1] && !(item[2] == "-" && n == 1)) continue
        busy += item[3]
        found = found "\n\t\t\t<process_info>" indent "<gpu_instance_id>N/A</gpu_instance_id>" indent \
            "<compute_instance_id>N/A</compute_instance_id>" indent "<pid>" item[1] "</pid>" indent "<type>C</type>" indent \
            "<process_name>" item[4] "</process_name>" indent "<used_memory>" item[3] " MiB</used_memory>\n\t\t\t</process_info>"
    }
    return found "\n\t\t"
}

function filled(line,    key, before) {
    before = ""
    while (match(line, /@[A-Z_]+@/)) {
        key = substr(line, RSTART + 1, RLENGTH - 2)
        before = before substr(line, 1, RSTART - 1) v[key]
        line = substr(line, RSTART + RLENGTH)
    }
    return before line
}

function show(name,    line, path) {
    path = share "/" name ".xml"
    while ((getline line < path) > 0) print filled(line)
    close(path)
}

function xml(    n) {
    v["TIME"] = ENVIRON["TIME"]; v["ATTACHED"] = rows
    show("head")
    for (n = 1; n <= rows; n++) {
        load(n)
        show(v["GENERATION_NAME"])
    }
    print "</nvidia_smi_log>"
}

function value(name) {
    if (name == "index") return v["INDEX"]
    if (name == "name" || name == "gpu_name") return v["NAME"]
    if (name == "uuid" || name == "gpu_uuid") return v["UUID"]
    if (name == "serial") return v["SERIAL"]
    if (name == "count") return rows
    if (name == "pci.bus_id" || name == "gpu_bus_id") return v["BUS_ID"]
    if (name == "pci.device_id") return "0x" v["DEVICE_ID"] "10DE"
    if (name == "pci.sub_device_id") return "0x" v["SUBSYSTEM_ID"]
    if (name == "pci.domain") return "0x" v["PCI_DOMAIN"]
    if (name == "pci.bus") return "0x" v["PCI_BUS"]
    if (name == "pci.device") return "0x" v["PCI_DEVICE"]
    if (name == "driver_version") return driver
    if (name == "compute_cap") return v["CAPABILITY"]
    if (name == "vbios_version") return "00.00.00.00.00"
    if (name == "persistence_mode") return v["PERSISTENCE"]
    if (name ~ /^ecc\.mode/) return v["ECC"] == "N/A" ? "[N/A]" : v["ECC"]
    if (name ~ /^ecc\.errors/) return v["ECC"] == "N/A" ? "[N/A]" : 0
    if (name == "retired_pages.pending") return v["GENERATION_NAME"] == "pages" ? "No" : "[N/A]"
    if (name == "compute_mode") return "Default"
    if (name == "display_active") return "Disabled"
    if (name == "memory.total") return united(v["MEMORY"], "MiB")
    if (name == "memory.used") return united(v["USED"], "MiB")
    if (name == "memory.free") return united(v["FREE"], "MiB")
    if (name == "memory.reserved") return united(v["RESERVED"], "MiB")
    if (name ~ /^power\.(max_)?limit/) return united(v["POWER"], "W")
    if (name == "power.draw") return united(v["DRAW"], "W")
    if (name == "clocks.max.sm") return united(v["CLOCK"], "MHz")
    if (name == "utilization.gpu") return united(0, "%")
    if (name == "pstate") return "P0"
    if (name == "temperature.gpu") return 33
    if (name ~ /^pcie\.link\.gen/) return v["GENERATION"]
    if (name == "pcie.link.width.current") return v["WIDTH"]
    if (name == "pcie.link.width.max") return v["WIDTH_MAX"]
    if (name == "fabric.state") return v["FABRIC"]
    if (name == "fabric.status") return v["FABRIC_STATUS"]
    return "[N/A]"
}

function united(number, unit) {
    return format ~ /nounits/ ? number : number " " unit
}

function heading(name,    unit) {
    unit = name ~ /^memory/ ? " [MiB]" : name ~ /^power/ ? " [W]" : name ~ /^clocks/ ? " [MHz]" : name ~ /^utilization/ ? " [%]" : ""
    return name unit
}

function csv(    n, i, line) {
    if (format !~ /noheader/) {
        for (i = 1; i <= wanted; i++) line = line (i > 1 ? ", " : "") heading(field[i])
        print line
    }
    for (n = 1; n <= rows; n++) {
        load(n)
        line = ""
        for (i = 1; i <= wanted; i++) line = line (i > 1 ? ", " : "") value(field[i])
        print line
    }
}

function apps(    i, j, item, bus, n, line) {
    if (format !~ /noheader/) print ENVIRON["NAMES"]
    for (i = 1; i <= processes; i++) {
        split(process[i], item, "\t")
        for (n = 1; n <= rows; n++) if (item[2] == row[n, 1] || (item[2] == "-" && n == 1)) {
            line = ""
            for (j = 1; j <= wanted; j++) line = line (j > 1 ? ", " : "") (field[j] == "pid" ? item[1] : \
                field[j] ~ /^(process_name|name)$/ ? item[4] : field[j] ~ /memory/ ? united(item[3], "MiB") : \
                field[j] == "gpu_uuid" ? row[n, 6] : field[j] == "gpu_bus_id" ? "0000" toupper(row[n, 1]) : "[N/A]")
            print line
        }
    }
}

function table(    n, rule, words) {
    rule = "+-----------------------------------------------------------------------------------------+"
    # The words of the header changed with R610.
    words = driver + 0 >= 610 ? "NVIDIA-SMI %s   KMD Version: %s   CUDA UMD Version: %s" : "NVIDIA-SMI %s   Driver Version: %s   CUDA Version: %s"
    print ENVIRON["TIME"]
    print rule
    printf "| %-87s |\n", sprintf(words, driver, driver, cuda)
    print rule
    for (n = 1; n <= rows; n++) {
        load(n)
        printf "| %-87s |\n", v["INDEX"] "  " v["NAME"] "  Persistence-M: " v["PERSISTENCE"] "  " v["BUS_ID"] "  " v["MEMORY"] "MiB"
    }
    print rule
}
