//! The manifests are what Kubernetes' own schemas allow, and say of the daemon what is so.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::compose::{TOKENS, jobs_pass, roles, settings_of_pods};
use super::{path, text, validator, yaml};
use crate::support::programs::program;

const MANIFESTS: &[&str] = &["namespace.yaml", "deployment.yaml", "service.yaml", "disruption.yaml", "network.yaml"];

/// Versions of Kubernetes whose schemas are asked.
const VERSIONS: [&str; 2] = ["1.29", "1.33"];

/// Holds files against Kubernetes' schemas.
fn valid(validate: &Path, files: &[&str], folder: &Path) {
    for version in VERSIONS {
        let mut command = Command::new(validate);
        command.args(["--strict", "--kubernetes-version", version]).args(files).current_dir(folder);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
        assert!(output.status.success(), "{version}: {said}");
    }
}

/// A manifest, at this place of its file.
fn manifest(file: &str, index: usize) -> Value {
    let text = text(&format!("deploy/kubernetes/{file}"));
    serde_yaml::from_str(text.split("\n---\n").nth(index).unwrap()).unwrap()
}

#[test]
fn the_manifests_are_what_kubernetes_allows() {
    let Some(validate) = validator("kubernetes-validate") else { return };
    valid(&validate, MANIFESTS, &path("deploy/kubernetes"));
}

#[test]
fn what_kustomize_makes_of_the_manifests_is_what_kubernetes_allows_and_names_what_it_makes() {
    let Some(validate) = validator("kubernetes-validate") else { return };
    let Some(kubectl) = program("kubectl", "Debian package kubernetes-client") else { return };
    let output = Command::new(kubectl).args(["kustomize", "deploy/kubernetes"]).current_dir(path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("all.yaml"), &output.stdout).unwrap();
    valid(&validate, &["all.yaml"], folder.path());
    let text = String::from_utf8(output.stdout).unwrap();
    let all: Vec<Value> = text.split("\n---\n").map(|one| serde_yaml::from_str(one).unwrap()).collect();
    let of = |kind: &str| all.iter().filter(|one| one["kind"] == kind).collect::<Vec<_>>();
    let pod = &of("Deployment")[0]["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["image"], format!("registry.example/windlass:{}", env!("CARGO_PKG_VERSION")));
    // A ConfigMap's name ends in a hash of what it holds: the pods ask for it by that name.
    let made: Vec<&Value> = of("ConfigMap").into_iter().map(|map| &map["metadata"]["name"]).collect();
    let asked: Vec<&Value> = pod["volumes"].as_array().unwrap().iter().map(|it| &it["configMap"]["name"]).collect();
    assert_eq!(made.len(), 2);
    assert!(made.iter().all(|name| asked.contains(name)), "{made:?} {asked:?}");
}

#[test]
fn kustomize_names_every_file_that_is_there() {
    let kustomization = yaml("deploy/kubernetes/kustomization.yaml");
    let mut named: Vec<String> = Vec::new();
    named.extend(kustomization["resources"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()));
    assert_eq!(named, MANIFESTS);
    for generated in kustomization["configMapGenerator"].as_array().unwrap() {
        named.extend(generated["files"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()));
    }
    for file in &named {
        assert!(path("deploy/kubernetes").join(file).is_file(), "{file}");
    }
    for folder in ["deploy/kubernetes", "deploy/kubernetes/jobs"] {
        for file in
            std::fs::read_dir(path(folder)).unwrap().map(|file| file.unwrap().path()).filter(|file| file.is_file())
        {
            let name = file.strip_prefix(path("deploy/kubernetes")).unwrap().display().to_string();
            assert!(name == "kustomization.yaml" || named.contains(&name), "{name} is named nowhere");
        }
    }
}

#[test]
fn labels_ports_probes_and_mounts_fit_each_other_and_the_daemon() {
    let deployment = manifest("deployment.yaml", 0);
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    for selector in [
        &deployment["spec"]["selector"]["matchLabels"],
        &manifest("service.yaml", 0)["spec"]["selector"],
        &manifest("service.yaml", 1)["spec"]["selector"],
        &manifest("disruption.yaml", 0)["spec"]["selector"]["matchLabels"],
        &manifest("network.yaml", 0)["spec"]["podSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    let settings = settings_of_pods();
    assert_eq!(container["ports"][0]["containerPort"], settings.http.listen.port());
    for (probe, page) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
        assert_eq!(container[probe]["httpGet"]["path"], page);
        assert_eq!(container[probe]["httpGet"]["port"], container["ports"][0]["name"]);
    }
    assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() >= settings.drain.as_secs() + 75);
    let volumes: Vec<&Value> = pod["volumes"].as_array().unwrap().iter().map(|volume| &volume["name"]).collect();
    let mounts = container["volumeMounts"].as_array().unwrap();
    assert_eq!(mounts.iter().map(|mount| &mount["name"]).collect::<Vec<_>>(), volumes);
    let mounted = |at: &str| mounts.iter().any(|mount| mount["mountPath"] == at);
    assert!(mounted(settings.data_dir.to_str().unwrap()) && mounted("/etc/windlass/windlass.yaml"));
    assert!(mounted(settings.jobs_dir.to_str().unwrap()) && mounted("/run/secrets/windlass"));
    assert_eq!(pod["securityContext"]["runAsUser"], 10001, "the image's user");
    assert!(settings.state.is_some(), "a pod has no PostgreSQL of its own");
    assert_eq!(roles(&settings), TOKENS);
    jobs_pass(&settings, "deploy/kubernetes/jobs");
}

#[test]
fn the_image_has_the_programs_version() {
    let kustomization = yaml("deploy/kubernetes/kustomization.yaml");
    assert_eq!(kustomization["images"][0]["newTag"], env!("CARGO_PKG_VERSION"));
}
