using System;
using System.Collections.Generic;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>What a cycle processes: changes only, or everything again.</summary>
public enum SynchronizationPolicyType
{
    Unspecified,
    Delta,
    Initial,
}

/// <summary>When cycles run.</summary>
public sealed class SchedulerSettings
{
    private SchedulerSettings(JsonObject json)
    {
        AllowedSyncCycleInterval = json.Seconds("allowedSyncCycleInterval");
        CurrentlyEffectiveSyncCycleInterval = json.Seconds("currentlyEffectiveSyncCycleInterval");
        CustomizedSyncCycleInterval = json.SecondsOrNull("customizedSyncCycleInterval");
        NextSyncCyclePolicyType = Enum.TryParse(json.Text("nextSyncCyclePolicyType"), out SynchronizationPolicyType type)
            ? type
            : throw new FormatException("Delta or Initial expected in 'nextSyncCyclePolicyType'");
        NextSyncCycleStartTimeInUTC = json.TimeOrNull("nextSyncCycleStartTimeInUTC");
        PurgeRunHistoryInterval = json.Seconds("purgeRunHistoryInterval");
        SyncCycleEnabled = json.Flag("syncCycleEnabled");
        MaintenanceEnabled = json.Flag("maintenanceEnabled");
        StagingModeEnabled = json.Flag("stagingModeEnabled");
        SchedulerSuspended = json.Flag("schedulerSuspended");
        SyncCycleInProgress = json.Flag("syncCycleInProgress");
    }

    public TimeSpan AllowedSyncCycleInterval { get; }

    public TimeSpan CurrentlyEffectiveSyncCycleInterval { get; }

    public TimeSpan? CustomizedSyncCycleInterval { get; }

    public SynchronizationPolicyType NextSyncCyclePolicyType { get; }

    public DateTime? NextSyncCycleStartTimeInUTC { get; }

    public TimeSpan PurgeRunHistoryInterval { get; }

    public bool SyncCycleEnabled { get; }

    public bool MaintenanceEnabled { get; }

    public bool StagingModeEnabled { get; }

    public bool SchedulerSuspended { get; }

    public bool SyncCycleInProgress { get; }

    internal static SchedulerSettings From(JsonObject json) => new SchedulerSettings(json);
}

/// <summary>The result of a request to start or stop a cycle.</summary>
public sealed class SyncCycleResult
{
    internal SyncCycleResult(string result) => Result = result;

    public string Result { get; }
}

/// <summary>A connector that is busy.</summary>
public sealed class ConnectorRunStatus
{
    private ConnectorRunStatus(JsonObject json)
    {
        RunState = json.Text("runState");
        ConnectorName = json.Text("connectorName");
    }

    public string RunState { get; }

    public string ConnectorName { get; }

    internal static ConnectorRunStatus From(JsonObject json) => new ConnectorRunStatus(json);
}

/// <summary>What is pending in a connector space.</summary>
public sealed class ConnectorStatistics
{
    private ConnectorStatistics(JsonObject json)
    {
        ConnectorName = json.Text("connectorName");
        ExportAdds = json.Integer("exportAdds");
        ExportUpdates = json.Integer("exportUpdates");
        ExportDeletes = json.Integer("exportDeletes");
        ImportAdds = json.Integer("importAdds");
        ImportUpdates = json.Integer("importUpdates");
        ImportDeletes = json.Integer("importDeletes");
        ImportNoChange = json.Integer("importNoChange");
        TotalConnectors = json.Integer("totalConnectors");
    }

    public string ConnectorName { get; }

    public int ExportAdds { get; }

    public int ExportUpdates { get; }

    public int ExportDeletes { get; }

    public int ImportAdds { get; }

    public int ImportUpdates { get; }

    public int ImportDeletes { get; }

    public int ImportNoChange { get; }

    public int TotalConnectors { get; }

    internal static ConnectorStatistics From(JsonObject json) => new ConnectorStatistics(json);
}

/// <summary>Whether a domain's domain controllers answer.</summary>
public sealed class DomainReachability
{
    private DomainReachability(JsonObject json)
    {
        FullName = json.Text("fullName");
        IsReachable = json.Flag("isReachable");
        ExceptionMessage = json.TextOrNull("exceptionMessage");
    }

    public string FullName { get; }

    public bool IsReachable { get; }

    public string? ExceptionMessage { get; }

    internal static DomainReachability From(JsonObject json) => new DomainReachability(json);
}

/// <summary>Connect's version, identity and settings.</summary>
public sealed class GlobalSettings
{
    private GlobalSettings(JsonObject json)
    {
        Version = json.Text("version");
        InstanceId = json.Identifier("instanceId");
        SqlSchemaVersion = json.Integer("schemaVersion");
        Parameters = ConfigurationParameterCollection.From(json.Objects("parameters"));
    }

    public string Version { get; }

    public Guid InstanceId { get; }

    public int SqlSchemaVersion { get; }

    public ConfigurationParameterCollection Parameters { get; }

    internal static GlobalSettings From(JsonObject json) => new GlobalSettings(json);
}

/// <summary>Which features are on.</summary>
public sealed class CompanyFeature
{
    private CompanyFeature(JsonObject json)
    {
        PasswordHashSync = json.Flag("passwordHashSync");
        ForcePasswordChangeOnLogOn = json.Flag("forcePasswordChangeOnLogOn");
        UserWriteback = json.Flag("userWriteback");
        DeviceWriteback = json.Flag("deviceWriteback");
        UnifiedGroupWriteback = json.Flag("unifiedGroupWriteback");
        GroupWritebackV2 = json.Flag("groupWritebackV2");
    }

    public bool PasswordHashSync { get; }

    public bool ForcePasswordChangeOnLogOn { get; }

    public bool UserWriteback { get; }

    public bool DeviceWriteback { get; }

    public bool UnifiedGroupWriteback { get; }

    public bool GroupWritebackV2 { get; }

    internal static CompanyFeature From(JsonObject json) => new CompanyFeature(json);
}
